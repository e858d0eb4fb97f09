import { expect } from "vitest";
import { Collection } from "../../../src/contract/collection.ts";
import type { Scenario } from "../support/scenario.ts";
import {
  endUndispatched,
  makeCase,
  subscribe,
  type Undispatched,
} from "../support/scenario-parts.ts";
import type { Simulation } from "../support/simulation.ts";
import { isSettled } from "../support/task-state.ts";

async function prepare(simulation: Simulation): Promise<Undispatched> {
  const made = await makeCase(simulation, 1);
  const object = { content: { text: "with a label" }, metadata: { year: 1863 } };
  await made.api.post(`/v1/buckets/${made.batch.bucketId}/objects`, object).expect(201);
  await subscribe(simulation, made.api, ["task.completed"]);
  return endUndispatched(simulation, made);
}

/** What a task wrote is in the schema, whatever dies before the events are settled. */
export const growth: Scenario<Undispatched> = {
  name: "the growth of a collection's schema",
  disturbed: "until settled",
  prepare,
  act: async ({ qstash }, { release }) => {
    release();
    await qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: async ({ api, batch, taskId }) => {
    const { body } = await api.get(`/v1/collections/${batch.collectionId}`).expect(200);
    expect(Collection.parse(body).schema).toMatchObject({
      fields: [{ name: "year", types: [{ type: "number", task_id: taskId }] }],
      conflicts: [],
    });
  },
};
