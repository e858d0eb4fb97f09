import { setImmediate as nextTurn } from "node:timers/promises";
import type { FaultPlan, OperationLog } from "../../../local/faults.ts";
import type { DrivenClock } from "../../../local/qstash/clock.ts";
import type { QStashServer } from "../../../local/qstash/server.ts";
import type { Database } from "../../../src/ports/database.ts";
import type { Api } from "../../support/api.ts";
import type { Receiver } from "./receiver.ts";

/** A service that can be made to fail, and that says what it was asked to do. */
export type Service = { readonly faults: FaultPlan; readonly operations: OperationLog };

export type RedisService = Service & {
  /** Forgets everything. */
  flush(): Promise<void>;
  /** What a command answers that a test gives. */
  command(...parts: readonly string[]): Promise<unknown>;
};

export type QueueService = Service &
  Pick<QStashServer, "misbehaviours" | "idle" | "pendingMessages"> & {
    /** Asks for something as a client of the queue. */
    request(method: string, path: string, init?: QueueRequest): Promise<Response>;
  };

export type QueueRequest = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/**
 * The worker and all that it stands on, whose time a test drives: the queue's, and what the cron
 * triggers are told. There are two: in this process in virtual time (`startVirtualSimulation`), and
 * the built worker in workerd (`startRealSimulation`).
 */
export type Simulation = {
  readonly clock: DrivenClock;
  readonly mongo: Service;
  readonly redis: RedisService;
  readonly qstash: QueueService;
  readonly receiver: Receiver;
  /** What is stored, for tests to read and to change: no fault touches it, and nothing is recorded. */
  readonly database: Database;
  /** Waits for something that a program of the worker does, while time passes as it must. */
  until<Result>(work: Promise<Result>): Promise<Result>;
  /** Makes a namespace and gives a caller inside it. */
  inNamespace(): Promise<Api>;
  /** Runs the every-minute cron at the queue's time. Rejects when it failed or the worker died. */
  runCron(): Promise<void>;
  /** Kills the worker; {@link Simulation.crash} starts it anew. */
  stop(): Promise<void>;
  /** Kills the worker at once and starts it anew; {@link Simulation.whenUp} waits for it. */
  crash(): void;
  /** Resolves once the worker that a crash ended is back. */
  whenUp(): Promise<void>;
  /** Ends it. Rejects when any event of the whole run was not as the catalogue's schema has it. */
  close(): Promise<void>;
};

/**
 * Small invocations with a checkpoint after each step, however soon it comes, so that a short job has
 * every kind of write, and each run of it as many; one pool of connections, so that all operations of a kind arrive in order.
 */
export const SIMULATION_VARS = {
  HEARTBEAT_INTERVAL_MS: "0",
  INVOCATION_MAX_STEPS: "2",
  MONGODB_POOL_SIZE: "1",
} as const;

/** What Redis answered over its REST interface. */
export function resultOf(answer: unknown): unknown {
  return typeof answer === "object" && answer !== null && "result" in answer ? answer.result : null;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Minute by minute at first; what isn't done by then waits for a retry that is hours away. */
const STEPS_MS = [
  15 * SECOND,
  ...Array.from({ length: 6 }, () => MINUTE),
  ...Array.from({ length: 4 }, () => 10 * MINUTE),
  ...Array.from({ length: 40 }, () => HOUR),
];

/**
 * Lets time pass as it would, with the queue's deliveries and a run of cron after each step, until
 * `isDone`. A run of cron that fails is followed by the next one, as on the platform. Rejects when
 * two days were not enough.
 */
export async function passTimeUntil(
  simulation: Simulation,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const { qstash, clock } = simulation;
  let lastFailure: unknown = null;
  for (const stepMs of STEPS_MS) {
    await qstash.idle();
    await simulation.whenUp();
    if (await isDone()) return;
    await clock.advanceBy(stepMs);
    await simulation.whenUp();
    try {
      await simulation.runCron();
    } catch (error) {
      lastFailure = error;
    }
  }
  await qstash.idle();
  if (await isDone()) return;
  throw new Error(`two days were not enough; cron: ${String(lastFailure)}`);
}

/** Delivers what the queue still has, however late it is due: nothing of a case is left for the next. */
export async function drainQueue(simulation: Simulation): Promise<void> {
  const { qstash, clock } = simulation;
  for (;;) {
    await simulation.whenUp();
    await qstash.idle();
    const [next] = qstash
      .pendingMessages()
      .map((message) => message.notBefore ?? 0)
      .toSorted((one, other) => one - other);
    if (next === undefined) return;
    await nextTurn();
    await clock.advanceTo(Math.max(next, clock.now()));
  }
}
