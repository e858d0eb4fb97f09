import { afterAll, beforeAll, expect, it } from "vitest";
import { Collection } from "../../src/contract/collection.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** Processes one more object with such metadata into the collection, and dispatches the events; the task. */
async function write(
  api: Api,
  { bucketId, collectionId }: { readonly bucketId: string; readonly collectionId: string },
  metadata: object,
): Promise<string> {
  const objects = `/v1/buckets/${bucketId}/objects`;
  const object = { content: { text: sentence(2) }, metadata };
  const { body } = await api.post(objects, object).expect(201);
  const request = { object_ids: [body["object_id"]], collection_id: collectionId };
  const batch = await api.post(`/v1/buckets/${bucketId}/batches`, request).expect(201);
  const path = `/v1/buckets/${bucketId}/batches/${String(batch.body["batch_id"])}`;
  const task = await api.post(`${path}/submit`, {}).expect(202);
  await untilEnded(api, String(task.body["task_id"]));
  await world.runMinuteCron(15_000);
  return String(task.body["task_id"]);
}

it("a collection shows the fields that batches wrote, and what contradicts itself, by whom", async () => {
  const api = await world.inNamespace();
  const made = await makeBatch(api, [sentence(1)]);
  await untilEnded(api, (await submit(api, made)).task_id);
  const schema = async () =>
    Collection.parse((await api.get(`/v1/collections/${made.collectionId}`).expect(200)).body)
      .schema;
  await world.runMinuteCron(15_000);
  const empty = { embedding: { dimensions: 256 }, fields: [], more_fields: false, conflicts: [] };
  expect(await schema()).toEqual(empty);

  const first = await write(api, made, { year: 1863, by: "A. Lincoln" });
  const second = await write(api, made, { year: "1863", "is original": true });
  const types = [
    { type: "number", task_id: first },
    { type: "string", task_id: second },
  ];
  expect(await schema()).toMatchObject({
    fields: [
      { name: "by", types: [{ type: "string", task_id: first }] },
      { name: "is original", types: [{ type: "boolean", task_id: second }] },
      { name: "year", types },
    ],
    conflicts: [{ kind: "field", field: "year", types }],
  });
  expect(world.logs.filter((line) => line.includes("schema has a conflict"))).toHaveLength(1);
});
