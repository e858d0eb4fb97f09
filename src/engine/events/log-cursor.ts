import type { NamespaceContext } from "../context.ts";
import { fromBase64Url, invalidCursor, toBase64Url } from "../paging.ts";

/** How far the clocks of two isolates are trusted to be apart at the most, in milliseconds, doubled. */
const CLOCKS_MS = 10 * 60_000;

/** A position as callers see it: opaque, of one namespace. */
export function encodePosition(ctx: NamespaceContext, position: number): string {
  return toBase64Url(`${ctx.namespace._id}@${position}`);
}

/** The position again. Throws `invalid_cursor` for what this namespace's log didn't give. */
export function decodePosition(ctx: NamespaceContext, cursor: string): number {
  const [, id, position] = /^(ns_[0-9a-f]{32})@(\d{1,16})$/.exec(fromBase64Url(cursor)) ?? [];
  if (id !== ctx.namespace._id) throw invalidCursor();
  return Number(position);
}

/**
 * A position below that of every event which happened at that time or later. An event gets its
 * position after it happened; so what had been given long enough before that time is earlier, as far
 * as clocks can be trusted.
 */
export function positionBefore(ctx: NamespaceContext, time: Date): Promise<number> {
  const surelyBefore = new Date(time.getTime() - CLOCKS_MS);
  return ctx.stores.eventLog.lastGivenBefore(ctx.namespace._id, surelyBefore);
}
