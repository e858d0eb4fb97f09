import { expect } from "vitest";
import { Task } from "../../../src/contract/task.ts";
import type { Answer } from "../../support/api.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectEnded } from "../support/invariants.ts";
import { attempt, type Case, holdBack, makeCase } from "../support/scenario-parts.ts";
import { isSettled, tasksFor } from "../support/task-state.ts";

type Submission = Case & { readonly release: () => void; answer: Answer | null };

/** P1 of a submit: what was accepted ends, and what was not accepted can be submitted again. */
export const submission: Scenario<Submission> = {
  name: "submit",
  disturbed: "act",
  prepare: async (simulation) => ({
    ...(await makeCase(simulation, 3)),
    release: holdBack(simulation, "job"),
    answer: null,
  }),
  act: async (simulation, prepared) => {
    const { api, batch } = prepared;
    prepared.answer = await attempt(api.post(`${batch.path}/submit`, {}));
    await simulation.whenUp();
  },
  release: async ({ release }) => release(),
  isSettled: async ({ api, batch, answer }) => {
    const tasks = await tasksFor(api, batch.batchId);
    if (answer?.status === 202) expect(tasks).toHaveLength(1);
    const settled = await Promise.all(tasks.map((task) => isSettled(api, task.task_id)));
    return settled.every(Boolean);
  },
  insist: async (prepared) => {
    const { api, batch, answer } = prepared;
    if (answer?.status === 202) return;
    if (answer !== null) expect(answer.status).toBe(503);
    prepared.answer = await api.post(`${batch.path}/submit`, {}).expect(202);
  },
  check: async ({ api, batch, answer }) => {
    const [task] = await tasksFor(api, batch.batchId);
    expect(Task.parse(answer?.body).task_id).toBe(task?.task_id);
    await expectEnded(api, batch, { status: "COMPLETED", documents: "all" });
  },
};
