import { EVENTS_AT_ONCE, type EventRecord } from "../../ports/delivery-store.ts";
import { type EventMark, type EventSeat, NO_EVENTS } from "../../ports/watchers.ts";
import { isSubscribed } from "./match.ts";
import { bestEffort } from "../best-effort.ts";
import type { NamespaceContext } from "../context.ts";
import { type EventStream, STREAM_MS, type StreamItem } from "./event-stream.ts";

/** How often a stream looks into the log, in milliseconds. */
const LOOK_INTERVAL_MS = 15_000;

/**
 * How long after its logging time an event may become readable, in milliseconds: its insert may be
 * tried three times for 10 seconds each, and clocks differ. So each look reads recently logged
 * events again.
 */
const OVERLAP_MS = 60_000;

/** While a store is down the next look tries again. */
const OUTAGE = { log: "a stream of events waits for a store" };

/** The events of a namespace that a reader wants; an empty filter matches everything. */
export type EventFilter = {
  readonly types: readonly string[];
  readonly taskTypes: readonly string[];
  readonly tags: readonly string[];
};

type StreamRequest = {
  /** The reader has everything logged before this time; null starts now. */
  readonly after: Date | null;
  readonly filter: EventFilter;
};

/**
 * Streams a namespace's events as their writers report them and, every 15 seconds, unreported ones
 * from the log. Delivery is at least once: no event comes twice within one stream, but a resumed
 * stream repeats about the last minute. Events of different tasks have no fixed order, and those of
 * one task may be out of order when one was not reported.
 */
export async function openEventStream({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: StreamRequest;
}): Promise<EventStream> {
  const stream = new NamespaceStream(ctx, input);
  await stream.watch();
  return { items: stream.items(), leave: () => stream.seat.leave() };
}

class NamespaceStream {
  readonly seat: EventSeat;
  readonly #ctx: NamespaceContext;
  readonly #request: StreamRequest;
  readonly #begin: Date;
  readonly #endsAt: number;
  /** The ids already sent: those of at most five minutes. */
  readonly #sent = new Set<string>();
  /** Everything logged before this time was sent; in milliseconds. */
  #safe: number;

  constructor(ctx: NamespaceContext, request: StreamRequest) {
    this.#ctx = ctx;
    this.#request = request;
    this.seat = ctx.stores.watchers.joinEvents(ctx.namespace._id);
    this.#endsAt = this.#now() + STREAM_MS;
    this.#begin = request.after ?? ctx.runtime.now();
    this.#safe = this.#begin.getTime();
  }

  async *items(): AsyncGenerator<StreamItem, void, void> {
    let mark: EventMark = NO_EVENTS;
    let nextLook = this.#now() + (this.#request.after === null ? LOOK_INTERVAL_MS : 0);
    try {
      while (this.#now() < this.#endsAt) {
        const told = await this.seat.next(mark, Math.max(0, nextLook - this.#now()));
        mark = told.mark;
        // Older events the reader has, or will get from the log.
        yield* this.#unsent(told.events.filter(({ timestamp }) => timestamp >= this.#begin));
        if (this.#now() < nextLook) continue;
        await this.watch();
        yield* this.#fromLog();
        yield { kind: "idle", id: String(this.#safe) };
        nextLook = this.#now() + LOOK_INTERVAL_MS;
      }
    } finally {
      this.seat.leave();
    }
  }

  /** Asks writers to report events; without Redis they are found in the log. */
  async watch(): Promise<void> {
    const { stores, namespace } = this.#ctx;
    await bestEffort(this.#ctx, OUTAGE, () => stores.taskCache.watchNamespace(namespace._id));
  }

  async *#fromLog(): AsyncGenerator<StreamItem, void, void> {
    const { stores, namespace } = this.#ctx;
    const settled = this.#now() - OVERLAP_MS;
    let from: { at: Date; id: string | null } = { at: new Date(this.#safe), id: null };
    for (;;) {
      const start = from;
      const page = await bestEffort(this.#ctx, OUTAGE, () =>
        stores.events.loggedFrom(namespace._id, start),
      );
      if (page === null) return;
      for (const event of page) {
        this.#safe = Math.max(this.#safe, Math.min(event.created_at.getTime(), settled));
        yield* this.#unsent([event]);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < EVENTS_AT_ONCE) break;
      from = { at: last.created_at, id: last._id };
    }
    this.#safe = Math.max(this.#safe, settled);
  }

  *#unsent(events: readonly EventRecord[]): Generator<StreamItem, void, void> {
    for (const event of events) {
      if (this.#sent.has(event._id) || !this.#isWanted(event)) continue;
      this.#sent.add(event._id);
      yield { kind: "event", id: `${this.#safe}.${event._id}`, event };
    }
  }

  #isWanted(event: EventRecord): boolean {
    const { types, taskTypes, tags } = this.#request.filter;
    const subscription = {
      event_types: types.length === 0 ? ["*"] : types,
      task_types: taskTypes,
      tags,
      created_at: new Date(0),
    };
    return isSubscribed(subscription, event);
  }

  #now(): number {
    return this.#ctx.runtime.now().getTime();
  }
}
