import { BUILT_IN_EVENT_TYPES, matchesBuiltIn, matchesEventType } from "../../../contract/event.ts";
import type { InvalidField } from "../../../contract/problem.ts";
import type { TypeScope } from "../../../ports/event-type-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";

/**
 * Refuses a pattern that matches no event type of Waybill, of the deployment's jobs or of the
 * namespace: a misspelt subscription is an error at once instead of silently receiving nothing.
 * `scope` says whether archived types count. Takes one read for each pattern that Waybill's own
 * types don't match. Throws `invalid_request` that names each fault by `path` and index
 * (`event_types.0`), or as a given function names it.
 */
export async function requireKnownTypes({
  ctx,
  patterns,
  path,
  scope,
}: {
  ctx: NamespaceContext;
  patterns: readonly string[];
  path: string | ((index: number) => string);
  scope: TypeScope;
}): Promise<void> {
  const pathAt = typeof path === "string" ? (index: number) => `${path}.${index}` : path;
  const emitted = [...ctx.emittedTypes.keys()];
  const known = await Promise.all(
    patterns.map(
      async (pattern) =>
        matchesBuiltIn(pattern) ||
        emitted.some((type) => matchesEventType(pattern, type)) ||
        ctx.stores.eventTypes.hasMatch(ctx.namespace._id, pattern, scope),
    ),
  );
  const fields = patterns.flatMap((pattern, index): readonly InvalidField[] =>
    known[index] ? [] : [{ path: pathAt(index), message: unknown(pattern) }],
  );
  const [first] = fields;
  if (first === undefined) return;
  throw new DomainError("invalid_request", `${first.path}: ${first.message}`, fields);
}

function unknown(pattern: string): string {
  return (
    `there is no event "${pattern}"; choose from ${BUILT_IN_EVENT_TYPES.join(", ")}, ` +
    'a type registered by PUT /v1/event-types/{event_type}, or a pattern such as "task.*" or "*"'
  );
}
