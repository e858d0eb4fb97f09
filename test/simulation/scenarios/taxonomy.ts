import { expect } from "vitest";
import { Taxonomy } from "../../../src/contract/taxonomy.ts";
import type { Api } from "../../support/api.ts";
import { submit } from "../../support/fixtures.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectConsistent } from "../support/invariants.ts";
import { holdBack, makeCase } from "../support/scenario-parts.ts";
import { passTimeUntil } from "../support/simulation.ts";
import { documentsOf, historyOf, isSettled, tasksFor } from "../support/task-state.ts";

/** A step with so many nodes takes 100 documents: two steps and the second pass, in two invocations. */
const NODES = 1000;
const DOCUMENTS = 120;

type Accepted = {
  readonly api: Api;
  readonly collectionId: string;
  readonly taxonomyId: string;
  readonly taskId: string;
  readonly release: () => void;
};

/** P1 and P2 of labels: whatever dies, every document has one in the end, and the taxonomy says so. */
export const materialize: Scenario<Accepted> = {
  name: "materialize",
  disturbed: "until settled",
  prepare: async (simulation) => {
    const { api, batch } = await makeCase(simulation, DOCUMENTS);
    const filling = await submit(api, batch);
    await passTimeUntil(simulation, () => isSettled(api, filling.task_id));
    const nodes = Array.from({ length: NODES }, (_, index) => ({
      node_id: `n${index}`,
      label: `Goods ${index}`,
    }));
    const made = await api.post("/v1/taxonomies", { name: "t", nodes, threshold: 0 }).expect(201);
    const taxonomyId = String(made.body["taxonomy_id"]);
    const release = holdBack(simulation, "job");
    const { collectionId } = batch;
    const { body } = await api
      .post(`/v1/taxonomies/${taxonomyId}/materialize`, { collection_id: collectionId })
      .expect(202);
    return { api, collectionId, taxonomyId, taskId: String(body["task_id"]), release };
  },
  act: async (simulation, { release }) => {
    release();
    await simulation.qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: async ({ api, collectionId, taxonomyId, taskId }) => {
    const history = await historyOf(api, taskId);
    expect(history.status).toBe("COMPLETED");
    expectConsistent(history);
    expect(await tasksFor(api, taxonomyId)).toHaveLength(1);
    const shown = await api.get(`/v1/taxonomies/${taxonomyId}`).expect(200);
    expect(Taxonomy.parse(shown.body)).toMatchObject({
      status: "COMPLETED",
      task_id: taskId,
      collection_id: collectionId,
    });
    const documents = await documentsOf(api, collectionId);
    expect(documents).toHaveLength(DOCUMENTS);
    for (const { enrichments } of documents) {
      expect(enrichments["taxonomies"]).toMatchObject({
        [taxonomyId]: { path: [expect.any(String)] },
      });
    }
  },
};
