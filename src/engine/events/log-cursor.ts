import type { NamespaceContext } from "../context.ts";
import { fromBase64Url, invalidCursor, toBase64Url } from "../paging.ts";

/** Twice the maximum clock difference assumed between two isolates, in milliseconds. */
const CLOCKS_MS = 10 * 60_000;

/** A position as callers see it: opaque, of one namespace. */
export function encodePosition(ctx: NamespaceContext, position: number): string {
  return toBase64Url(`${ctx.namespace._id}@${position}`);
}

/**
 * Decodes a position. Throws `invalid_cursor` for a cursor that this namespace's log didn't issue.
 */
export function decodePosition(ctx: NamespaceContext, cursor: string): number {
  const [, id, position] = /^(ns_[0-9a-f]{32})@(\d{1,16})$/.exec(fromBase64Url(cursor)) ?? [];
  if (id !== ctx.namespace._id) throw invalidCursor();
  return Number(position);
}

/**
 * A position below every event that happened at that time or later. An event gets its position
 * after it happens, so positions assigned long enough before that time are earlier, within the
 * assumed clock difference.
 */
export function positionBefore(ctx: NamespaceContext, time: Date): Promise<number> {
  const surelyBefore = new Date(time.getTime() - CLOCKS_MS);
  return ctx.stores.eventLog.lastGivenBefore(ctx.namespace._id, surelyBefore);
}
