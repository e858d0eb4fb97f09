import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareScenario, SCENARIO_OUTCOME } from "../support/client-scenario.ts";
import { startClientWorker } from "../support/client-worker.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});
afterAll(leaveSharedWorld);

it("the built client reads, submits, waits, lists and verifies in a worker without compatibility flags", async () => {
  const worker = await startClientWorker();
  try {
    const scenario = await prepareScenario(world, "from-workerd", world.worker.url);
    expect(await worker.play(scenario)).toEqual(SCENARIO_OUTCOME);
  } finally {
    await worker.close();
  }
});
