import {
  BUILT_IN_EVENT_TYPES,
  EVENT_CATALOGUE,
  isBuiltInEvent,
  matchesEventType,
} from "../../../contract/event.ts";
import type { EventTypeHead } from "../../../ports/event-type-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";

/** Registered types that are looked at for one with an example, for each pattern. */
const TYPES_PER_PATTERN = 100;

/**
 * The type that an endpoint is tested with unless told: the first of which there is an example
 * among what it subscribed to; of a pattern Waybill's own first, then the namespace's by name.
 * Throws `invalid_request` when there is none. One read at most for each pattern.
 */
export async function typeToTest(
  ctx: NamespaceContext,
  patterns: readonly string[],
): Promise<string> {
  for (const pattern of patterns) {
    const builtIn = EVENT_CATALOGUE.find(({ type }) => matchesEventType(pattern, type));
    if (builtIn !== undefined) return builtIn.type;
    const registered = await registeredBy(ctx, pattern);
    const withExample = registered.find(({ example }) => example !== null);
    if (withExample !== undefined) return withExample.name;
  }
  throw invalid(
    `no type that the endpoint subscribed to (${patterns.join(", ")}) has an example; ` +
      "name a type that has one, or register an example by PUT /v1/event-types/{event_type}",
  );
}

/** Throws `invalid_request` for a type that there is not, and for one without an example. */
export async function requireExample(ctx: NamespaceContext, type: string): Promise<void> {
  if (isBuiltInEvent(type)) return;
  const registered = await ctx.stores.eventTypes.find(ctx.namespace._id, type);
  if (registered === null) {
    throw invalid(
      `there is no event type "${type}"; choose from ${BUILT_IN_EVENT_TYPES.join(", ")}, ` +
        "or a type registered by PUT /v1/event-types/{event_type}",
    );
  }
  if (registered.example !== null) return;
  throw invalid(
    `the event type "${type}" has no example to send; ` +
      `register one by PUT /v1/event-types/${type}, or choose another type`,
  );
}

/** The types in service that a pattern means. */
async function registeredBy(
  ctx: NamespaceContext,
  pattern: string,
): Promise<readonly EventTypeHead[]> {
  const isOne = !pattern.endsWith("*");
  const rows = await ctx.stores.eventTypes.list(
    ctx.namespace._id,
    { names: isOne ? [pattern] : undefined, status: "ACTIVE" },
    // `orders.` stands before all that `orders.*` means.
    isOne ? null : pattern.slice(0, -1),
    TYPES_PER_PATTERN,
  );
  return rows.filter(({ name }) => matchesEventType(pattern, name));
}

function invalid(message: string): DomainError {
  return new DomainError("invalid_request", `type: ${message}`, [{ path: "type", message }]);
}
