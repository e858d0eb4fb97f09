import type { EventType } from "../../../contract/event-type.ts";
import type { NamespaceContext } from "../../context.ts";
import { notFound } from "../../errors.ts";
import { isBuiltIn } from "./payload-schema.ts";
import { presentBuiltIn, presentRegistered } from "./present-event-type.ts";

/** An event type by its name, in its present version or an earlier one. Throws `not_found`. */
export async function getEventType({
  ctx,
  input: { type, version },
}: {
  ctx: NamespaceContext;
  input: { readonly type: string; readonly version?: number | undefined };
}): Promise<EventType> {
  if (isBuiltIn(type)) {
    const known = presentBuiltIn(type);
    if (version !== undefined && version !== known.version) throw noVersion(type, version);
    return known;
  }
  const { eventTypes } = ctx.stores;
  if (version === undefined) {
    const head = await eventTypes.find(ctx.namespace._id, type);
    if (head === null) throw notFound("event type", type);
    return presentRegistered(head);
  }
  const whole = await eventTypes.findWhole(ctx.namespace._id, type);
  if (whole === null) throw notFound("event type", type);
  if (version === whole.version) return presentRegistered(whole);
  const past = whole.past.find((one) => one.version === version);
  if (past === undefined) throw noVersion(type, version);
  return presentRegistered({ ...whole, ...past });
}

function noVersion(type: string, version: number) {
  return notFound("event type", `${type} in version ${version}`);
}
