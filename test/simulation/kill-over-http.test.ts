import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../src/content/clustering/random.ts";
import { isTerminal } from "../../src/contract/status.ts";
import type { Task } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import { getTask, makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const SEED = 20_261_124;
const TRIALS = 30;

/** Steps of 24 objects, each held for a moment, so that a kill finds the job at any of them. */
const OBJECTS = 120;
const STEP_MS = 60;
const LONGEST_WAIT_MS = 250;

let world: World;
beforeAll(async () => {
  world = await startWorld({ vars: { HEARTBEAT_INTERVAL_MS: "20", INVOCATION_MAX_STEPS: "2" } });
  world.mongo.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "find" && target === "objects",
    action: { kind: "delay", ms: STEP_MS },
  });
});
afterAll(() => world.close());

describe("a batch killed at any moment over HTTP", () => {
  it("ends CANCELED with as many documents as it says, takes its child along, and writes none afterwards", async () => {
    const random = createRandom(SEED);
    const ends = new Map<string, number>();
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const api = await world.inNamespace();
      const texts = Array.from({ length: OBJECTS }, (_, index) => sentence(index));
      const batch = await makeBatch(api, texts);
      const draft = await api.post(`/v1/buckets/${batch.bucketId}/batches`, {
        all: true,
        collection_id: batch.collectionId,
      });
      const { task_id } = await submit(api, batch);
      const child = await api
        .post(`/v1/buckets/${batch.bucketId}/batches/${String(draft.body["batch_id"])}/submit`, {
          parent_task_id: task_id,
          delay: 60,
        })
        .expect(202);
      await sleep(random() * LONGEST_WAIT_MS);
      const answer = await api.post(`/v1/tasks/${task_id}/kill`, { reason: "enough" });
      const ended = await untilEnded(api, task_id);
      const operations = world.mongo.operations;
      operations.clear();
      expect(answer.status, `seed ${SEED}, trial ${trial}`).toBe(
        ended.status === "CANCELED" ? 202 : 409,
      );
      const stored = await documentsOf(api, batch.collectionId);
      expect(told(ended), `seed ${SEED}, trial ${trial}`).toBe(stored);
      await world.stack.qstash.idle();
      const late = operations.all().filter((one) => one.isWrite && one.target === "documents");
      expect(late).toEqual([]);
      expect(await documentsOf(api, batch.collectionId)).toBe(stored);
      const { status } = await getTask(api, String(child.body["task_id"]));
      if (ended.status === "CANCELED") expect(status).toBe("CANCELED");
      else expect(isTerminal(ended.status)).toBe(true);
      ends.set(ended.status, (ends.get(ended.status) ?? 0) + 1);
    }
    expect(ends.get("CANCELED")).toBeGreaterThan(TRIALS / 2);
  }, 120_000);
});

async function documentsOf(api: Api, collectionId: string): Promise<number> {
  const path = `/v1/collections/${collectionId}/documents/list`;
  const { body } = await api.post(path, { limit: OBJECTS + 1 }).expect(200);
  return Array.isArray(body["results"]) ? body["results"].length : 0;
}

function told({ outputs }: Task): number {
  const [output] = outputs ?? [];
  return typeof output === "object" ? Number(output["documents_written"]) : 0;
}
