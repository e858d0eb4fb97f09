import { afterAll, beforeAll, describe, it } from "vitest";
import { submit } from "../support/fixtures.ts";
import { type RealSimulation, startRealSimulation } from "./support/real-simulation.ts";
import { makeCase } from "./support/scenario-parts.ts";

let simulation: RealSimulation;
beforeAll(async () => {
  simulation = await startRealSimulation();
});
afterAll(() => simulation.close());

describe("the connections to MongoDB", () => {
  it("are made anew, as often as they break, without an error to a caller", async () => {
    const { api, batch } = await makeCase(simulation, 3);
    const { task_id } = await submit(api, batch);
    await simulation.qstash.idle();
    for (let round = 1; round <= 5; round += 1) {
      simulation.mongo.faults.add({
        phase: "before",
        match: ({ name }) => name === "find",
        times: 1,
        action: { kind: "cut" },
      });
      await api.get(`/v1/tasks/${task_id}/history`).expect(200);
    }
  });
});
