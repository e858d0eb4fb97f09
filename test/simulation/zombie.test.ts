import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultRule } from "../../local/faults.ts";
import { getTask, submit, untilTask } from "../support/fixtures.ts";
import { expectEnded } from "./support/invariants.ts";
import { gateAt, makeCase } from "./support/scenario-parts.ts";
import {
  drainQueue,
  passTimeUntil,
  runCronNow,
  type Simulation,
  startSimulation,
} from "./support/simulation.ts";
import { historyOf, isSettled } from "./support/task-state.ts";

/** Time doesn't wait for the runner that is held. */
const HELD_AFTER_MS = 150;

/** The lease of 60 s, and what the worker's clock may be ahead of the queue's. */
const LEASE_MS = 90_000;

/** Before the second attempt. */
const LONGEST_BACKOFF_MS = 2_000;

let simulation: Simulation;
beforeAll(async () => {
  simulation = await startSimulation({ heldAfterMs: HELD_AFTER_MS });
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
    await runCronNow(simulation);
    await simulation.clock.advanceBy(LONGEST_BACKOFF_MS);
    const taken = await untilTask(api, task_id, (task) => task.status === "COMPLETED");
    expect(taken.attempt).toBe(2);

    gate.open();
    await simulation.world.stack.qstash.idle();
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
