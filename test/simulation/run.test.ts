import { afterAll } from "vitest";
import { submit } from "../support/fixtures.ts";
import { describeCutOffs, type Scenario } from "./support/cut-off.ts";
import { expectEnded } from "./support/invariants.ts";
import { type Case, holdBack, makeCase } from "./support/scenario-parts.ts";
import { startSimulation } from "./support/simulation.ts";
import { isSettled } from "./support/task-state.ts";

/** Three steps in two invocations: 24 chosen objects make a step, two steps an invocation. */
const OBJECTS = 60;

type Accepted = Case & { readonly taskId: string; readonly release: () => void };

/** P1 and P2 of a job: claim, steps, checkpoints, continuation, end, and its events by cron. */
const run: Scenario<Accepted> = {
  name: "run",
  disturbed: "until settled",
  prepare: async (simulation) => {
    const accepted = await makeCase(simulation, OBJECTS, "chosen");
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(accepted.api, accepted.batch);
    return { ...accepted, taskId: task_id, release };
  },
  act: async (simulation, { release }) => {
    release();
    await simulation.world.stack.qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: ({ api, batch }) => expectEnded(api, batch, { status: "COMPLETED", documents: "all" }),
};

const simulation = await startSimulation();
afterAll(() => simulation.close());

await describeCutOffs(simulation, run);
