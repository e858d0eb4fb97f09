import type { MongoServer } from "../../local/mongo/server.ts";
import { startStack, type Stack, type StackOptions } from "../../local/stack.ts";
import { startWorker } from "../../local/miniflare.ts";
import type { Worker, WorkerOptions } from "../../local/worker.ts";
import { startWorkerd, type WorkerProcess } from "../../local/workerd.ts";
import type { Emits } from "../../src/engine/jobs/loop.ts";
import { type Api, createApi } from "./api.ts";
import { watchEvents } from "./event-schemas.ts";
import { dropRealDatabase, realServices, skipOnRealMongo } from "./real-services.ts";

/** The built worker on a stack of its own, and a caller with the administrator's key. */
export type World = {
  readonly stack: Stack;
  /** MongoDB's stand-in, for its faults and counts: a test that asks for it is skipped on a real one. */
  readonly mongo: MongoServer;
  /** The name of the worker's database. */
  readonly database: string;
  readonly worker: Worker;
  /** What the worker logged, one line each. */
  readonly logs: string[];
  /** A caller without a namespace. */
  readonly api: Api;
  /** Makes a namespace and gives a caller inside it. */
  inNamespace(name?: string): Promise<Api>;
  /** Runs the every-minute cron as if it were so many milliseconds from now. */
  runMinuteCron(msFromNow?: number): Promise<void>;
  /** Rejects when any event so far was not as the catalogue's schema has it. */
  checkEvents(): Promise<void>;
  /** Ends it. Rejects when any event of the whole run was not as the catalogue's schema has it. */
  close(): Promise<void>;
};

/** A world whose worker's process a test ends: a bare workerd. */
export type KillableWorld = World & {
  /** The worker of the moment: another one after {@link KillableWorld.restartWorker}. */
  readonly worker: WorkerProcess;
  /** Kills workerd and starts it anew on the same port: every isolate and connection is gone. */
  restartWorker(): Promise<void>;
};

export type WorldOptions = StackOptions & {
  readonly vars?: Readonly<Record<string, string>>;
  /** Another bundle than that of `npm run build`. */
  readonly bundle?: URL;
  /** The types of event that the bundle's own jobs declare. */
  readonly emits?: Emits;
};

let namespaces = 0;

/** Starts a world in Miniflare; about half a second. Close it in `afterAll`. */
export function startWorld(options: WorldOptions = {}): Promise<World> {
  return makeWorld(options, startWorker);
}

/** Starts a world in a bare workerd. Close it in `afterAll`. */
export async function startKillableWorld(options: WorldOptions = {}): Promise<KillableWorld> {
  const world = await makeWorld(options, startWorkerd);
  return Object.assign(world, {
    restartWorker: async () => {
      const port = Number(new URL(world.worker.url).port);
      await world.worker.kill();
      world.worker = await world.startWorker(port);
    },
  });
}

type WorldOf<W extends Worker> = Omit<World, "worker"> & {
  worker: W;
  startWorker(port?: number): Promise<W>;
};

async function makeWorld<W extends Worker>(
  options: WorldOptions,
  startOne: (options: WorkerOptions) => Promise<W>,
): Promise<WorldOf<W>> {
  const real = realServices();
  const stack = await startStack({ ...real.options, ...options });
  const logs: string[] = [];
  const events = watchEvents(stack, real.database, options.emits);
  const start = (port?: number) =>
    startOne({
      vars: { ...stack.vars, MONGODB_DATABASE: real.database, ...options.vars },
      onLog: (line) => logs.push(line),
      ...(port !== undefined && { port }),
      ...(options.bundle !== undefined && { bundle: options.bundle }),
    });
  const world: WorldOf<W> = {
    stack,
    get mongo() {
      return stack.mongo ?? skipOnRealMongo();
    },
    database: real.database,
    worker: await start(),
    startWorker: start,
    logs,
    api: createApi(() => world.worker.url, stack.adminKey),
    inNamespace: async (name = `ns-${(namespaces += 1)}`) => {
      await world.api.post("/v1/namespaces", { name }).expect(201);
      return world.api.as({ namespace: name });
    },
    runMinuteCron: async (msFromNow = 0) => {
      const { outcome } = await world.worker.runCron("* * * * *", new Date(Date.now() + msFromNow));
      if (outcome !== "ok") throw new Error(`cron ended ${outcome}: ${logs.slice(-5).join("\n")}`);
    },
    checkEvents: async () => {
      await events.check();
    },
    close: async () => {
      await world.worker.close();
      try {
        await events.check();
      } finally {
        if (stack.mongo === null) await dropRealDatabase(stack, real.database);
        await stack.close();
      }
    },
  };
  return world;
}
