import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Doc } from "../../src/ports/database.ts";
import type { MongoOperation } from "../../src/stores/mongo/operation.ts";
import { submission } from "./scenarios/submit.ts";
import { type Case, recordScenario, runDisturbed } from "./support/cut-off.ts";
import type { Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";

/** A submit that leaves no note for the relay: nobody looks after its message. */
function withoutRelay(operation: MongoOperation): MongoOperation {
  if (operation.kind !== "insertMany" || operation.collection !== "tasks") return operation;
  const documents = operation.documents.map((row): Doc =>
    Object.assign({}, row, { relay_at: null }),
  );
  return { ...operation, documents };
}

const LOST_MESSAGE: Case = {
  point: { service: "qstash", kind: "publish jobs/run", occurrence: 1, label: "the publish" },
  phase: "before",
  mode: "killed",
};

let simulation: Simulation;
beforeEach(async () => {
  simulation = await startVirtualSimulation({ tamper: withoutRelay });
});
afterEach(() => simulation.close());

describe("a submit that the relay isn't told of", () => {
  it("is well as long as nothing goes wrong", async () => {
    expect(await recordScenario(simulation, submission)).toHaveLength(4);
  });

  it("is found by the case in which its message is lost", async () => {
    await expect(runDisturbed(simulation, submission, LOST_MESSAGE)).rejects.toThrow(
      "two days were not enough",
    );
  });
});
