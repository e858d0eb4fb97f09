import { MongoClient } from "mongodb";
import { vi } from "vitest";
import { drivenClock } from "../../../local/qstash/clock.ts";
import { execute } from "../../../src/stores/mongo/execute.ts";
import { createMongoGateway } from "../../../src/stores/mongo/rpc-gateway.ts";
import { buildWithSubscriber, type CustomBundle } from "../../support/custom-bundle.ts";
import { type KillableWorld, startKillableWorld } from "../../support/world.ts";
import { CRM_PATH, startReceiver } from "./receiver.ts";
import { type QueueRequest, resultOf, type Simulation, SIMULATION_VARS } from "./simulation.ts";

// A case kills and starts workers, and runs cron for days: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 90_000 });

const OPERATION_TIMEOUT_MS = 10_000;

export type RealOptions = {
  readonly vars?: Readonly<Record<string, string>>;
  /** How long, in real milliseconds, time waits for a delivery that a test holds. Default: 20 s. */
  readonly heldAfterMs?: number;
  /** Whether the worker is one with a subscriber in code, which tells the receiver's `crm`. */
  readonly hasSubscriber?: boolean;
};

/** A {@link Simulation} of the built worker in a workerd of its own, which `crash` ends by SIGKILL. */
export type RealSimulation = Simulation & { readonly world: KillableWorld };

/**
 * Starts a world whose queue stands still until the test moves its clock. The clock begins at the
 * present and is only ever ahead of the worker's own, so that all that the worker stored is due.
 */
export async function startRealSimulation(options: RealOptions = {}): Promise<RealSimulation> {
  const clock = drivenClock(Date.now(), { heldAfterMs: options.heldAfterMs ?? 20_000 });
  const { receiver, origin, close: closeReceiver } = await startReceiver();
  const bundle: CustomBundle | null =
    options.hasSubscriber === true ? await buildWithSubscriber(`${origin}${CRM_PATH}`) : null;
  const world = await startKillableWorld({
    clock,
    vars: { ...SIMULATION_VARS, ...options.vars },
    ...(bundle !== null && { bundle: bundle.url }),
  });
  const { mongo, redis, qstash } = world.stack;
  if (mongo === null) throw new Error("the simulation needs the MongoDB stand-in");
  const client = await MongoClient.connect(mongo.uri);
  const db = client.db("waybill");
  let restarted: Promise<void> = Promise.resolve();
  return {
    world,
    clock,
    mongo,
    redis: Object.assign(redis, {
      command: async (...parts: readonly string[]) => {
        const headers = { Authorization: `Bearer ${redis.token}` };
        const body = JSON.stringify(parts);
        const response = await fetch(redis.url, { method: "POST", headers, body });
        return resultOf(await response.json());
      },
    }),
    qstash: Object.assign(qstash, {
      request: (method: string, path: string, { headers = {}, body }: QueueRequest = {}) =>
        fetch(`${qstash.url}${path}`, {
          method,
          headers: { Authorization: `Bearer ${qstash.token}`, ...headers },
          ...(body !== undefined && { body }),
        }),
    }),
    receiver,
    database: createMongoGateway(
      {
        idFromName: () => null,
        get: () => ({ run: (operation) => execute(db, operation, OPERATION_TIMEOUT_MS) }),
      },
      1,
      () => 0,
    ),
    until: (work) => work,
    inNamespace: () => world.inNamespace(),
    runCron: () => runCron(world, clock.now() - Date.now()),
    stop: () => world.worker.kill(),
    crash: () => {
      restarted = world.restartWorker();
      // Whoever waits for it hears of a failure; until then nobody does.
      restarted.catch(() => undefined);
    },
    whenUp: () => restarted,
    close: async () => {
      await restarted.catch(() => undefined);
      await client.close();
      await Promise.all([world.close(), closeReceiver(), bundle?.remove()]);
    },
  };
}

/**
 * The queue delivers nothing meanwhile: a runner that begins now has its lease by the worker's own
 * clock, and by the queue's, which is ahead, it would look dead at once.
 */
async function runCron(world: KillableWorld, aheadMs: number): Promise<void> {
  const { misbehaviours } = world.stack.qstash;
  const lift = misbehaviours.add({ kind: "reorder", after: Infinity, match: () => true });
  try {
    await world.runMinuteCron(aheadMs);
  } finally {
    lift();
    misbehaviours.releaseHeld();
  }
}
