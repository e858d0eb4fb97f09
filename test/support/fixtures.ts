import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isTerminal, TaskStatusEnum } from "../../src/contract/status.ts";
import { Task } from "../../src/contract/task.ts";
import type { Api } from "./api.ts";
import type { World } from "./world.ts";

/** A short real sentence per number, no two alike. */
export function sentence(index: number): string {
  return `Bill of lading ${index} names the goods, the ship and the port to which the carrier takes them.`;
}

export type BatchFixture = {
  readonly bucketId: string;
  readonly collectionId: string;
  readonly batchId: string;
  /** `/v1/buckets/…/batches/…` */
  readonly path: string;
  readonly objectIds: readonly string[];
};

const Added = z.object({ results: z.array(z.object({ object_id: z.string() })) });

let fixtures = 0;

/** A bucket with these texts, a collection, and a DRAFT batch of all the objects. */
export async function makeBatch(
  api: Api,
  texts: readonly string[],
  request: object = { all: true },
): Promise<BatchFixture> {
  const number = (fixtures += 1);
  const bucket = await api.post("/v1/buckets", { name: `bucket-${number}` }).expect(201);
  const collection = await api
    .post("/v1/collections", { name: `collection-${number}` })
    .expect(201);
  const bucketId = String(bucket.body["bucket_id"]);
  const collectionId = String(collection.body["collection_id"]);
  const objectIds: string[] = [];
  for (let start = 0; start < texts.length; start += 1000) {
    const objects = texts.slice(start, start + 1000).map((text) => ({ content: { text } }));
    const added = await api.post(`/v1/buckets/${bucketId}/objects/batch`, { objects }).expect(200);
    for (const row of Added.parse(added.body).results) objectIds.push(row.object_id);
  }
  const batch = await api
    .post(`/v1/buckets/${bucketId}/batches`, { ...request, collection_id: collectionId })
    .expect(201);
  const batchId = String(batch.body["batch_id"]);
  return {
    bucketId,
    collectionId,
    batchId,
    path: `/v1/buckets/${bucketId}/batches/${batchId}`,
    objectIds,
  };
}

/** Submits and answers the task as it was accepted. */
export async function submit(api: Api, batch: BatchFixture): Promise<Task> {
  return Task.parse((await api.post(`${batch.path}/submit`, {}).expect(202)).body);
}

export async function getTask(api: Api, taskId: string): Promise<Task> {
  return Task.parse((await api.get(`/v1/tasks/${taskId}`).expect(200)).body);
}

/** Polls until the task has ended, as a client does; fails after `timeoutMs`. */
export async function untilEnded(api: Api, taskId: string, timeoutMs = 15_000): Promise<Task> {
  return untilTask(api, taskId, (task) => isTerminal(TaskStatusEnum.parse(task.status)), timeoutMs);
}

/** Polls until the task is as wanted; fails after `timeoutMs` with what it was. */
export async function untilTask(
  api: Api,
  taskId: string,
  isWanted: (task: Task) => boolean,
  timeoutMs = 15_000,
): Promise<Task> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const task = await getTask(api, taskId);
    if (isWanted(task)) return task;
    if (Date.now() > deadline) throw new Error(`task is still ${JSON.stringify(task)}`);
    await sleep(20);
  }
}

/**
 * Keeps tasks that are submitted from now on PENDING until the result is called: the queue takes no
 * job. The relay publishes them later: `world.runMinuteCron(61_000)`.
 */
export function holdJobs(world: World): () => void {
  return world.stack.qstash.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "publish" && target.endsWith("/internal/jobs/run"),
    action: { kind: "refuse" },
  });
}

/** Deletes the first page of a bucket's objects; `path` is that of its objects. */
export async function emptyBucket(api: Api, path: string): Promise<void> {
  const { text } = await api.post(`${path}/list`, {}).expect(200);
  for (const [id] of text.matchAll(/obj_[0-9a-f]{32}(?=","namespace_id)/g)) {
    await api.delete(`${path}/${id}`).expect(204);
  }
}
