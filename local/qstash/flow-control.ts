import { invalid, notFound } from "./errors.ts";
import type { FlowControlLimits } from "./flow-control-value.ts";
import type { Message } from "./message.ts";
import type { Timers } from "./timers.ts";

type FlowControlBody = {
  readonly flowControlKey: string;
  readonly waitListSize: number;
  readonly parallelismMax?: number | undefined;
  readonly parallelismCount: number;
  readonly rateMax?: number | undefined;
  readonly rateCount: number;
  readonly ratePeriod: number;
  /** Unix seconds. */
  readonly ratePeriodStart: number;
  readonly isPinnedParallelism: boolean;
  readonly isPinnedRate: boolean;
  readonly isPaused: boolean;
};

type Lane = {
  readonly key: string;
  limits: FlowControlLimits;
  isParallelismPinned: boolean;
  isRatePinned: boolean;
  isPaused: boolean;
  readonly waiting: Set<Message>;
  readonly running: Set<Message>;
  periodStartMs: number;
  startedInPeriod: number;
  cancelTimer: () => void;
};

/**
 * Holds attempts back so that no key has more than `parallelism` under way nor begins more than
 * `rate` in a period. Each attempt counts, a retry too.
 *
 * From https://upstash.com/docs/qstash/features/flowcontrol. A key has the limits of the latest
 * message published with it, unless they are pinned.
 */
export class FlowControl {
  readonly #lanes = new Map<string, Lane>();
  readonly #timers: Timers;
  readonly #release: (message: Message) => void;

  constructor(timers: Timers, release: (message: Message) => void) {
    this.#timers = timers;
    this.#release = release;
  }

  /** The limits that a message brings along are its key's from its publishing on. */
  configure(key: string, limits: FlowControlLimits): void {
    const lane = this.#ensure(key);
    const { parallelism, rate, periodSeconds } = lane.limits;
    lane.limits = {
      parallelism: lane.isParallelismPinned ? parallelism : limits.parallelism,
      rate: lane.isRatePinned ? rate : limits.rate,
      periodSeconds: lane.isRatePinned ? periodSeconds : limits.periodSeconds,
    };
    this.#pump(lane);
  }

  /** Releases the message as soon as its key's limits allow an attempt. */
  enter(key: string, message: Message): void {
    const lane = this.#ensure(key);
    message.state = "held";
    lane.waiting.add(message);
    this.#pump(lane);
  }

  /** An attempt has ended, or a waiting message was cancelled. */
  leave(key: string, message: Message): void {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return;
    lane.waiting.delete(message);
    lane.running.delete(message);
    this.#pump(lane);
  }

  view(key: string): FlowControlBody {
    const lane = this.#lanes.get(key);
    if (lane === undefined) throw notFound(`flow control key ${key} not found`);
    this.#renewPeriod(lane);
    return show(lane);
  }

  list(): FlowControlBody[] {
    return [...this.#lanes.keys()].map((key) => this.view(key));
  }

  setPaused(key: string, isPaused: boolean): void {
    const lane = this.#ensure(key);
    lane.isPaused = isPaused;
    this.#pump(lane);
  }

  /** "Pinning a configuration resets the current state": .../flow-control/pin-configuration-... */
  pin(
    key: string,
    pinned: { [K in keyof FlowControlLimits]: FlowControlLimits[K] | undefined },
  ): void {
    if (pinned.parallelism === undefined && pinned.rate === undefined) {
      throw invalid("a pin needs parallelism or rate");
    }
    const lane = this.#ensure(key);
    lane.limits = {
      parallelism: pinned.parallelism ?? lane.limits.parallelism,
      rate: pinned.rate ?? lane.limits.rate,
      periodSeconds: pinned.periodSeconds ?? lane.limits.periodSeconds,
    };
    lane.isParallelismPinned ||= pinned.parallelism !== undefined;
    lane.isRatePinned ||= pinned.rate !== undefined;
    this.resetRate(key);
  }

  /** The pinned limits stay in force until a message brings others. */
  unpin(key: string, which: { parallelism: boolean; rate: boolean }): void {
    const lane = this.#ensure(key);
    if (which.parallelism) lane.isParallelismPinned = false;
    if (which.rate) lane.isRatePinned = false;
  }

  /** Ends the period now: .../flow-control/reset-rate-for-flow-control-key. */
  resetRate(key: string): void {
    const lane = this.#ensure(key);
    lane.periodStartMs = this.#timers.now();
    lane.startedInPeriod = 0;
    this.#pump(lane);
  }

  #pump(lane: Lane): void {
    lane.cancelTimer();
    this.#renewPeriod(lane);
    for (const message of lane.waiting) {
      const { parallelism = Infinity, rate = Infinity } = lane.limits;
      if (lane.isPaused || lane.running.size >= parallelism) return;
      if (lane.startedInPeriod >= rate) {
        const periodEndMs = lane.periodStartMs + lane.limits.periodSeconds * 1_000;
        lane.cancelTimer = this.#timers.at(periodEndMs, () => this.#pump(lane));
        return;
      }
      lane.waiting.delete(message);
      lane.running.add(message);
      lane.startedInPeriod += 1;
      this.#release(message);
    }
  }

  /** A period begins with the first attempt after the end of the one before. */
  #renewPeriod(lane: Lane): void {
    const now = this.#timers.now();
    if (now < lane.periodStartMs + lane.limits.periodSeconds * 1_000) return;
    lane.periodStartMs = now;
    lane.startedInPeriod = 0;
  }

  #ensure(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = {
      key,
      limits: { parallelism: undefined, rate: undefined, periodSeconds: 1 },
      isParallelismPinned: false,
      isRatePinned: false,
      isPaused: false,
      waiting: new Set(),
      running: new Set(),
      periodStartMs: this.#timers.now(),
      startedInPeriod: 0,
      cancelTimer: () => undefined,
    };
    this.#lanes.set(key, lane);
    return lane;
  }
}

function show(lane: Lane): FlowControlBody {
  return {
    flowControlKey: lane.key,
    waitListSize: lane.waiting.size,
    parallelismMax: lane.limits.parallelism,
    parallelismCount: lane.running.size,
    rateMax: lane.limits.rate,
    rateCount: lane.startedInPeriod,
    ratePeriod: lane.limits.periodSeconds,
    ratePeriodStart: Math.floor(lane.periodStartMs / 1_000),
    isPinnedParallelism: lane.isParallelismPinned,
    isPinnedRate: lane.isRatePinned,
    isPaused: lane.isPaused,
  };
}
