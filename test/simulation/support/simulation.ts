import { setImmediate as nextTurn } from "node:timers/promises";
import { vi } from "vitest";
import { type DrivenClock, drivenClock } from "../../../local/qstash/clock.ts";
import type { MongoServer } from "../../../local/mongo/server.ts";
import { startKillableWorld, type KillableWorld } from "../../support/world.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

// A case kills and starts workers, and runs cron for days: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 90_000 });

/** A world whose time a test drives: the queue's, and what the cron triggers are told. */
export type Simulation = {
  readonly world: KillableWorld;
  readonly clock: DrivenClock;
  readonly mongo: MongoServer;
  readonly receiver: Receiver;
  /** Kills workerd at once and starts it anew; {@link Simulation.whenUp} waits for it. */
  crash(): void;
  /** Resolves once the worker that a crash ended is back. */
  whenUp(): Promise<void>;
  close(): Promise<void>;
};

export type SimulationOptions = {
  readonly vars?: Readonly<Record<string, string>>;
  /** How long, in real milliseconds, time waits for a delivery that a test holds. Default: 20 s. */
  readonly heldAfterMs?: number;
  /** Another bundle than that of `npm run build`. */
  readonly bundle?: URL;
};

/**
 * Small invocations with a checkpoint after each step, however soon it comes, so that a short job has
 * every kind of write, and each run of it as many; one pool of connections, so that all operations of a kind arrive in order.
 */
const VARS = {
  HEARTBEAT_INTERVAL_MS: "0",
  INVOCATION_MAX_STEPS: "2",
  MONGODB_POOL_SIZE: "1",
} as const;

/**
 * Starts a world whose queue stands still until the test moves its clock. The clock begins at the
 * present and is only ever ahead of the worker's own, so that all that the worker stored is due.
 */
export async function startSimulation(options: SimulationOptions = {}): Promise<Simulation> {
  const clock = drivenClock(Date.now(), { heldAfterMs: options.heldAfterMs ?? 20_000 });
  const world = await startKillableWorld({
    clock,
    vars: { ...VARS, ...options.vars },
    ...(options.bundle !== undefined && { bundle: options.bundle }),
  });
  const receiver = await startReceiver();
  const { mongo } = world.stack;
  if (mongo === null) throw new Error("the simulation needs the MongoDB stand-in");
  let restarted: Promise<void> = Promise.resolve();
  return {
    world,
    clock,
    mongo,
    receiver,
    crash: () => {
      restarted = world.restartWorker();
      // Whoever waits for it hears of a failure; until then nobody does.
      restarted.catch(() => undefined);
    },
    whenUp: () => restarted,
    close: async () => {
      await restarted.catch(() => undefined);
      await Promise.all([world.close(), receiver.close()]);
    },
  };
}

/**
 * Runs the every-minute cron at the queue's time. Rejects when it failed or the worker died.
 *
 * The queue delivers nothing meanwhile: a runner that begins now has its lease by the worker's own
 * clock, and by the queue's, which is ahead, it would look dead at once.
 */
export async function runCronNow({ world, clock }: Simulation): Promise<void> {
  const { misbehaviours } = world.stack.qstash;
  const lift = misbehaviours.add({ kind: "reorder", after: Infinity, match: () => true });
  try {
    await world.runMinuteCron(clock.now() - Date.now());
  } finally {
    lift();
    misbehaviours.releaseHeld();
  }
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
  const { world, clock } = simulation;
  let lastFailure: unknown = null;
  for (const stepMs of STEPS_MS) {
    await world.stack.qstash.idle();
    await simulation.whenUp();
    if (await isDone()) return;
    await clock.advanceBy(stepMs);
    await simulation.whenUp();
    try {
      await runCronNow(simulation);
    } catch (error) {
      lastFailure = error;
    }
  }
  await world.stack.qstash.idle();
  if (await isDone()) return;
  throw new Error(`two days were not enough; cron: ${String(lastFailure)}`);
}

/** Delivers what the queue still has, however late it is due: nothing of a case is left for the next. */
export async function drainQueue(simulation: Simulation): Promise<void> {
  const { world, clock } = simulation;
  const { qstash } = world.stack;
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
