import { expect } from "vitest";
import type { Answer } from "../../support/api.ts";
import { submit } from "../../support/fixtures.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectEnded } from "../support/invariants.ts";
import { attempt, type Case, gateAt, holdBack, makeCase } from "../support/scenario-parts.ts";
import { isSettled } from "../support/task-state.ts";

type Killed = Case & {
  readonly taskId: string;
  readonly release: () => void;
  answer: Answer | null;
};

const askToKill = ({ api, taskId }: Killed) => attempt(api.post(`/v1/tasks/${taskId}/kill`));

/** Who got no answer asks again, before anything else happens. */
async function insist(prepared: Killed): Promise<void> {
  const { answer } = prepared;
  if (answer?.status === 202) return;
  if (answer !== null) expect(answer.status).toBe(503);
  prepared.answer = await askToKill(prepared);
  expect(prepared.answer?.status).toBe(202);
}

/** A task that waits: CANCELED by the request itself. */
export const killPending: Scenario<Killed> = {
  name: "kill of a PENDING task",
  disturbed: "act",
  prepare: async (simulation) => {
    const made = await makeCase(simulation, 3);
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(made.api, made.batch);
    return { ...made, taskId: task_id, release, answer: null };
  },
  act: async (simulation, prepared) => {
    prepared.answer = await askToKill(prepared);
    await simulation.whenUp();
  },
  release: async (prepared) => {
    await insist(prepared);
    prepared.release();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: ({ api, batch }) => expectEnded(api, batch, { status: "CANCELED", documents: "as told" }),
};

/** A task that runs: its runner, or the one that takes over from a dead one, ends it. */
export const killProcessing: Scenario<Killed> = {
  name: "kill of a PROCESSING task",
  disturbed: "until settled",
  prepare: async (simulation) => {
    const made = await makeCase(simulation, 60, "chosen");
    // Held between two steps: at the second step's look at its objects.
    const gate = gateAt(simulation.mongo.faults, {
      phase: "before",
      match: ({ name, target }) => name === "find" && target === "objects",
      skip: 2,
      times: 1,
    });
    const { task_id } = await submit(made.api, made.batch);
    await simulation.until(gate.reached);
    return { ...made, taskId: task_id, release: () => gate.open(), answer: null };
  },
  act: async (simulation, prepared) => {
    prepared.answer = await askToKill(prepared);
    await simulation.whenUp();
    prepared.release();
    await simulation.qstash.idle();
  },
  release: insist,
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: ({ api, batch }) => expectEnded(api, batch, { status: "CANCELED", documents: "as told" }),
};
