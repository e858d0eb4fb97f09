import type { Operation, OperationLog } from "../../../local/faults.ts";
import { type Clock, realClock } from "../../../local/qstash/clock.ts";
import { startWorld, type World } from "../../support/world.ts";

/** What the stand-ins were asked for, in order of arrival at each. */
export type Counted = {
  /** `EVAL`, `GET`. */
  readonly redis: readonly string[];
  /** `find tasks`: the command and its collection. */
  readonly mongo: readonly string[];
  /** `publish /internal/jobs/run`: a message and for what, one entry each also in a batch; or another request. */
  readonly qstash: readonly string[];
};

/** A world whose queue delivers only when told to, so that each piece of work is counted alone. */
export type MeteredWorld = World & {
  /** Forgets what was counted before. */
  resetCount(): void;
  counted(): Counted;
  /** Does one thing and gives what it asked for until it had ended. */
  count(work: () => Promise<unknown>): Promise<Counted>;
  /** Delivers what the queue holds, and waits for the end; what that publishes is held in turn. */
  deliver(): Promise<void>;
  /** Delivers until the queue holds nothing, so that no work is left over from an earlier test. */
  drain(): Promise<void>;
};

/**
 * Starts a {@link MeteredWorld}. One Durable Object keeps the connections, so that the indexes,
 * which each object makes sure of once, are no part of any count.
 */
export async function startMeteredWorld(
  vars: Readonly<Record<string, string>> = {},
  clock: Clock = realClock(),
): Promise<MeteredWorld> {
  const world = await startWorld({ clock, vars: { MONGODB_POOL_SIZE: "1", ...vars } });
  const { redis, qstash, mongo } = world.stack;
  if (mongo === null) throw new Error("the costs are counted on the stand-in");
  // Behind infinitely many others: held until it is released.
  qstash.misbehaviours.add({ kind: "reorder", match: () => true, after: Infinity });
  const resetCount = () => {
    for (const { operations } of [redis, qstash, mongo]) operations.clear();
  };
  const counted = (): Counted => ({
    redis: entries(redis.operations, ({ name }) => name),
    mongo: entries(mongo.operations, ({ name, target }) => `${name} ${target}`),
    qstash: entries(
      qstash.operations,
      ({ name, target }) => `${name} ${new URL(target, qstash.url).pathname}`,
    ).filter((entry) => !entry.startsWith("deliver ")),
  });
  const deliver = async () => {
    qstash.misbehaviours.releaseHeld();
    await qstash.idle();
  };
  return Object.assign(world, {
    resetCount,
    counted,
    count: async (work: () => Promise<unknown>) => {
      resetCount();
      await work();
      await qstash.idle();
      return counted();
    },
    deliver,
    drain: async () => {
      while (qstash.pendingMessages().length > 0) await deliver();
    },
  });
}

/** No step of these tests takes so long: heartbeats are counted by themselves. */
export const WITHOUT_HEARTBEATS = {
  HEARTBEAT_INTERVAL_MS: "600000",
  INVOCATION_BUDGET_MS: "600000",
} as const;

/** The same in an order of its own, for what is asked for at once: which comes first is chance. */
export function inAnyOrder({ redis, mongo, qstash }: Counted): Counted {
  return { redis: redis.toSorted(), mongo: mongo.toSorted(), qstash: qstash.toSorted() };
}

/** What is left of a list without the first occurrence of each entry of another; fails if one is missing. */
export function less(operations: readonly string[], taken: readonly string[]): string[] {
  const left = [...operations];
  for (const entry of taken) {
    const index = left.indexOf(entry);
    if (index < 0) throw new Error(`${entry} was not asked for: ${operations.join(", ")}`);
    left.splice(index, 1);
  }
  return left;
}

function entries(log: OperationLog, nameOf: (operation: Operation) => string): string[] {
  return log.all().map((operation) => nameOf(operation));
}
