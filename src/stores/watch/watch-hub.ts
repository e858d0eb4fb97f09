import { DurableObject, RpcTarget } from "cloudflare:workers";
import type { EventRecord } from "../../ports/delivery-store.ts";
import type { EventMark, Known, TaskNews, ToldEvents } from "../../ports/watchers.ts";
import { REAL_CLOCK } from "./clock.ts";
import { EventBoard, type WaitingForEvents } from "./event-board.ts";
import { WatchBoard, type Waiting } from "./watch-board.ts";

/**
 * Connects the waiters of a task with its writers. There is one per task that has waiters, and one
 * per namespace whose events are followed. It keeps everything in memory; after a reset, each
 * waiter looks for itself.
 */
export class WatchHub extends DurableObject<Record<string, unknown>> {
  readonly #board = new WatchBoard(REAL_CLOCK);

  readonly #events = new EventBoard(REAL_CLOCK, crypto.randomUUID());

  /** Wakes those to whom this is news. */
  wake(news: TaskNews): void {
    this.#board.wake(news);
  }

  /** A waiter's place, which it releases by disposing of it or by disconnecting. */
  join(): HubSeat {
    return new HubSeat(this.#board);
  }

  /** Reports new events to the followers of a namespace. */
  tell(events: readonly EventRecord[]): void {
    this.#events.tell(events);
  }

  /** The place of a follower of a namespace's events. */
  joinEvents(): EventHubSeat {
    return new EventHubSeat(this.#events);
  }
}

/** One waiter's place in the hub. The runtime disposes of it when the waiter's request ends. */
class HubSeat extends RpcTarget {
  readonly #board: WatchBoard;
  #waiting: Waiting | null = null;

  constructor(board: WatchBoard) {
    super();
    this.#board = board;
  }

  async next(known: Known, ms: number): Promise<TaskNews | null> {
    this.#waiting?.callOff();
    this.#waiting = this.#board.wait(known, ms);
    return this.#waiting.news;
  }

  [Symbol.dispose](): void {
    this.#waiting?.callOff();
  }
}

/** The same for a reader of a namespace's events. */
class EventHubSeat extends RpcTarget {
  readonly #board: EventBoard;
  #waiting: WaitingForEvents | null = null;

  constructor(board: EventBoard) {
    super();
    this.#board = board;
  }

  async next(mark: EventMark, ms: number): Promise<ToldEvents> {
    this.#waiting?.callOff();
    this.#waiting = this.#board.wait(mark, ms);
    return this.#waiting.told;
  }

  [Symbol.dispose](): void {
    this.#waiting?.callOff();
  }
}
