import { z } from "zod";
import type { Api } from "../test/support/api.ts";

/** How many requests of the preparation are under way at once. */
const AT_ONCE = 16;

const Row = z.object({ object_id: z.string() });

/** A bucket with these texts, and a collection. */
export async function makeBucket(
  api: Api,
  name: string,
  texts: readonly string[],
): Promise<{ readonly bucketId: string; readonly collectionId: string }> {
  const bucket = await api.post("/v1/buckets", { name }).expect(201);
  const collection = await api.post("/v1/collections", { name }).expect(201);
  const bucketId = z.string().parse(bucket.body["bucket_id"]);
  for (let start = 0; start < texts.length; start += 500) {
    const objects = texts.slice(start, start + 500).map((text) => ({ content: { text } }));
    const added = await api.post(`/v1/buckets/${bucketId}/objects/batch`, { objects }).expect(200);
    z.array(Row).parse(added.body["results"]);
  }
  return { bucketId, collectionId: z.string().parse(collection.body["collection_id"]) };
}

/** So many DRAFT batches of all the bucket's objects; their paths. */
export function makeDrafts(
  api: Api,
  { bucketId, collectionId }: { readonly bucketId: string; readonly collectionId: string },
  count: number,
): Promise<string[]> {
  return manyAtOnce(count, async () => {
    const body = { all: true, collection_id: collectionId };
    const made = await api.post(`/v1/buckets/${bucketId}/batches`, body).expect(201);
    return `/v1/buckets/${bucketId}/batches/${z.string().parse(made.body["batch_id"])}`;
  });
}

/** Submits batches; the ids of their tasks. */
export function submitAll(api: Api, batches: readonly string[]): Promise<string[]> {
  return manyAtOnce(batches.length, async (index) => {
    const answer = await api.post(`${batches[index]}/submit`, {}).expect(202);
    return z.string().parse(answer.body["task_id"]);
  });
}

/** Kills tasks; those that wait in the queue end at once. */
export async function killAll(api: Api, taskIds: readonly string[]): Promise<void> {
  await manyAtOnce(taskIds.length, async (index) => {
    await api.post(`/v1/tasks/${taskIds[index]}/kill`, {}).expect(202);
  });
}

/** Makes so many things, some of them at once; in order. */
export async function manyAtOnce<Result>(
  count: number,
  make: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await make(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
