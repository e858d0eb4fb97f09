import type { NamespaceContext } from "../../context.ts";
import { notFound } from "../../errors.ts";

/** How many times a change that lost a race tries again. */
const MAX_TRIES = 5;

/**
 * Archives a registered type: it can't be published or subscribed to any more, but its events and
 * versions stay readable. Repeating the call changes nothing. Throws `not_found`.
 */
export async function archiveEventType({
  ctx,
  input: { type },
}: {
  ctx: NamespaceContext;
  input: { readonly type: string };
}): Promise<void> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const known = await ctx.stores.eventTypes.find(ctx.namespace._id, type);
    if (known === null) throw notFound("event type", type);
    if (known.status === "ARCHIVED") return;
    if (await ctx.stores.eventTypes.change(known, { status: "ARCHIVED" }, null)) return;
  }
  throw new Error(`the archiving of the event type ${type} lost ${MAX_TRIES} races`);
}
