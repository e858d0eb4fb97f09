import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultRule } from "../../local/faults.ts";
import { getTask, submit } from "../support/fixtures.ts";
import { expectEnded } from "./support/invariants.ts";
import { gateAt, makeCase } from "./support/scenario-parts.ts";
import { drainQueue, passTimeUntil, type Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";
import { historyOf, isSettled } from "./support/task-state.ts";

/** The lease of 60 s, and what the worker's clock may be ahead of the queue's. */
const LEASE_MS = 90_000;

/** Before the second attempt. */
const LONGEST_BACKOFF_MS = 2_000;

let simulation: Simulation;
beforeAll(async () => {
  simulation = await startVirtualSimulation();
});
afterAll(() => simulation.close());

type Moment = Pick<FaultRule, "phase" | "match" | "skip">;

const isTaskWrite: FaultRule["match"] = ({ name, target }) =>
  name === "findAndModify" && target === "tasks";

/** Of a job of three steps in two invocations; the claim is the first of its writes to the task. */
const MOMENTS: readonly (readonly [string, Moment])[] = [
  ["its first checkpoint", { phase: "before", match: isTaskWrite, skip: 1 }],
  ["its second checkpoint", { phase: "before", match: isTaskWrite, skip: 2 }],
  [
    "the documents of a step",
    { phase: "before", match: ({ name, target }) => name === "update" && target === "documents" },
  ],
  ["the write of its continuation", { phase: "before", match: isTaskWrite, skip: 3 }],
  // What was written before the lease was lost counts; only the answer came late.
  ["the answer of its first checkpoint", { phase: "after", match: isTaskWrite, skip: 1 }],
];

describe("a runner whose lease was taken over", () => {
  it.each(MOMENTS)("changes nothing, held at %s", async (_name, moment) => {
    const { api, batch } = await makeCase(simulation, 60, "chosen");
    const gate = gateAt(simulation.mongo.faults, moment);
    const { task_id } = await submit(api, batch);
    await gate.reached;

    // The lease runs out, cron gives the task to another runner, and that one does all of the work.
    await simulation.clock.advanceBy(LEASE_MS);
    await simulation.runCron();
    await simulation.clock.advanceBy(LONGEST_BACKOFF_MS);
    const taken = await getTask(api, task_id);
    expect(taken).toMatchObject({ status: "COMPLETED", attempt: 2 });

    gate.open();
    await simulation.qstash.idle();
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);

    expect(await getTask(api, task_id)).toEqual(taken);
    const { entries } = await historyOf(api, task_id);
    expect(entries.filter((entry) => entry.kind === "rejected")).toMatchObject([
      { attempt: 1, actor: "runner", reason: expect.stringContaining("old lease token") },
    ]);
    await expectEnded(api, batch, { status: "COMPLETED", documents: "all" });
  });
});
