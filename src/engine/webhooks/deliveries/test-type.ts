import {
  BUILT_IN_EVENT_TYPES,
  EVENT_CATALOGUE,
  isBuiltInEvent,
  matchesEventType,
} from "../../../contract/event.ts";
import type { EventTypeHead } from "../../../ports/event-type-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";

/** How many registered types per pattern are searched for one with an example. */
const TYPES_PER_PATTERN = 100;

/**
 * The default type for a test of an endpoint: the first subscribed type that has an example. For a
 * pattern, Waybill's own types come first, then the namespace's by name. Throws `invalid_request`
 * when there is none. Takes at most one read per pattern.
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

/** Throws `invalid_request` for an unknown type, and for one without an example. */
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

/** The active types that match a pattern. */
async function registeredBy(
  ctx: NamespaceContext,
  pattern: string,
): Promise<readonly EventTypeHead[]> {
  const isOne = !pattern.endsWith("*");
  const rows = await ctx.stores.eventTypes.list(
    ctx.namespace._id,
    { names: isOne ? [pattern] : undefined, status: "ACTIVE" },
    // `orders.` sorts before everything that `orders.*` matches.
    isOne ? null : pattern.slice(0, -1),
    TYPES_PER_PATTERN,
  );
  return rows.filter(({ name }) => matchesEventType(pattern, name));
}

function invalid(message: string): DomainError {
  return new DomainError("invalid_request", `type: ${message}`, [{ path: "type", message }]);
}
