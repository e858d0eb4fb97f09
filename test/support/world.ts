import { startStack, type Stack, type StackOptions } from "../../local/stack.ts";
import { startWorker, type Worker } from "../../local/worker.ts";
import { watchEvents } from "./event-schemas.ts";
import { type Api, createApi } from "./api.ts";

/** The built worker in workerd on a stack of its own, and a caller with the administrator's key. */
export type World = {
  readonly stack: Stack;
  /** The worker of the moment: another one after {@link World.restartWorker}. */
  worker: Worker;
  /** What the worker logged, one line each. */
  readonly logs: string[];
  /** A caller without a namespace. */
  readonly api: Api;
  /** Makes a namespace and gives a caller inside it. */
  inNamespace(name?: string): Promise<Api>;
  /** Runs the every-minute cron as if it were so many milliseconds from now. */
  runMinuteCron(msFromNow?: number): Promise<void>;
  /** Kills workerd and starts it anew on the same port: every isolate and connection is gone. */
  restartWorker(): Promise<void>;
  /** Ends it. Rejects when any event of the whole run was not as the catalogue's schema has it. */
  close(): Promise<void>;
};

let namespaces = 0;

/** Starts a world; about 0.3 s. Close it in `afterAll`. */
export async function startWorld(
  options: StackOptions & {
    readonly vars?: Readonly<Record<string, string>>;
    /** Another bundle than that of `npm run build`. */
    readonly bundle?: URL;
  } = {},
): Promise<World> {
  const stack = await startStack(options);
  const logs: string[] = [];
  const events = watchEvents(stack);
  const start = (port?: number) =>
    startWorker({
      vars: { ...stack.vars, ...options.vars },
      onLog: (line) => logs.push(line),
      ...(port !== undefined && { port }),
      ...(options.bundle !== undefined && { bundle: options.bundle }),
    });
  const world: World = {
    stack,
    worker: await start(),
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
    restartWorker: async () => {
      const port = Number(new URL(world.worker.url).port);
      await world.worker.kill();
      world.worker = await start(port);
    },
    close: async () => {
      await world.worker.close();
      try {
        await events.check();
      } finally {
        await stack.close();
      }
    },
  };
  return world;
}
