import type { LogPosition } from "../../ports/event-log.ts";
import type { NamespaceContext } from "../context.ts";
import { placeEvents } from "./place-events.ts";

/** Some of a namespace's log, and whether there was no more when it was read. */
export type LogPart = { readonly rows: readonly LogPosition[]; readonly isEnd: boolean };

/**
 * What stands above a position in the namespace's log, in order; of very much the first `limit`.
 * What was logged before this call and has no position yet gets one first, a bounded number of
 * events. Two reads when there is none.
 */
export async function readLog(
  ctx: NamespaceContext,
  position: number,
  limit: number,
): Promise<LogPart> {
  const { isAll } = await placeEvents(ctx, ctx.namespace._id);
  const rows = await ctx.stores.eventLog.above(ctx.namespace._id, position, limit);
  return { rows, isEnd: isAll && rows.length < limit };
}
