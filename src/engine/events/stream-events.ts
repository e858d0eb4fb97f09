import { EVENTS_AT_ONCE, type EventRecord } from "../../ports/delivery-store.ts";
import { type EventMark, type EventSeat, NO_EVENTS } from "../../ports/watchers.ts";
import { isSubscribed } from "./match.ts";
import { bestEffort } from "../best-effort.ts";
import type { NamespaceContext } from "../context.ts";
import { type EventStream, STREAM_MS, type StreamItem } from "./event-stream.ts";

/** How long a stream goes on without a look into the log, in milliseconds. */
const LOOK_INTERVAL_MS = 15_000;

/**
 * How long after an event's logging time it may still become readable, in milliseconds: its insert
 * may be tried three times for 10 seconds each, and clocks differ. What was logged lately is read
 * again each time, therefore.
 */
const OVERLAP_MS = 60_000;

/** While a store is down the next look tries again. */
const OUTAGE = { log: "a stream of events waits for a store" };

/** What of a namespace's events a reader wants; an empty filter lets everything through. */
export type EventFilter = {
  readonly types: readonly string[];
  readonly taskTypes: readonly string[];
  readonly tags: readonly string[];
};

type StreamRequest = {
  /** All that was logged before this time the reader has; null begins now. */
  readonly after: Date | null;
  readonly filter: EventFilter;
};

/**
 * Streams a namespace's events as their writers tell of them, and each 15 seconds from the log what
 * nobody told. At least once: within one stream no event comes twice; one that goes on where another
 * was cut brings about the last minute again. Events of different tasks come in no certain order,
 * and those of one task may come out of it when one of them was told by nobody.
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
  /** What was sent, by id: as many as come in five minutes. */
  readonly #sent = new Set<string>();
  /** All that was logged before this time was sent; in milliseconds. */
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
        // What is older the reader has, or will get from the log.
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

  /** Has writers tell of events; without Redis they are found in the log. */
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
