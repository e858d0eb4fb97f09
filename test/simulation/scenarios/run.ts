import { submit } from "../../support/fixtures.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectEnded } from "../support/invariants.ts";
import { type Case, holdBack, makeCase } from "../support/scenario-parts.ts";
import { isSettled } from "../support/task-state.ts";

/** Three steps in two invocations: 24 chosen objects make a step, two steps an invocation. */
const OBJECTS = 60;

type Accepted = Case & { readonly taskId: string; readonly release: () => void };

/** P1 and P2 of a job: claim, steps, checkpoints, continuation, end, and its events by cron. */
export const run: Scenario<Accepted> = {
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
    await simulation.qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: ({ api, batch }) => expectEnded(api, batch, { status: "COMPLETED", documents: "all" }),
};

/** P4: whatever Redis has forgotten, the job ends and polls are right. */
export const forgetfulRun: Scenario<Accepted> = { ...run, name: "run with a Redis that forgets" };
