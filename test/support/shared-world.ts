import { startWorld, type World } from "./world.ts";

/**
 * What a file sees of a world that other files use too: nothing that would change it for them, such
 * as faults, counts, the clock or the worker's end. A file that needs one of these starts its own.
 */
export type SharedWorld = Pick<World, "api" | "database" | "inNamespace" | "runMinuteCron"> & {
  readonly stack: Pick<World["stack"], "adminKey" | "vars"> & {
    readonly qstash: Pick<World["stack"]["qstash"], "idle">;
  };
  readonly worker: Pick<World["worker"], "url">;
};

let shared: Promise<World> | null = null;

/**
 * The world of this process, which it starts for the first file that asks. Work in a namespace of
 * your own. Call {@link leaveSharedWorld} in `afterAll`.
 */
export function sharedWorld(): Promise<SharedWorld> {
  shared ??= start();
  return shared;
}

async function start(): Promise<World> {
  const world = await startWorld();
  // Vitest ends its processes so, and no test file knows that it is the last.
  process.once("SIGTERM", () => {
    void world.worker.close().finally(() => process.exit());
  });
  return world;
}

/** Waits until the queue is at rest, and fails when any event was not as its schema has it. */
export async function leaveSharedWorld(): Promise<void> {
  const world = await shared;
  await world?.stack.qstash.idle();
  await world?.checkEvents();
}
