import { z } from "zod";
import { Batch } from "../src/contract/batch.ts";
import { Bucket } from "../src/contract/bucket.ts";
import { Collection } from "../src/contract/collection.ts";
import { Namespace } from "../src/contract/namespace.ts";
import { CreateObjectsResponse, MAX_OBJECTS_PER_REQUEST } from "../src/contract/object.ts";
import { Task } from "../src/contract/task.ts";
import { CreatedWebhook } from "../src/contract/webhook.ts";
import type { Client } from "./client.ts";
import { claim } from "./failure.ts";
import type { Passage } from "./passages.ts";

/** A request's body may have 1 MiB; some room is left for what surrounds the objects. */
const MAX_BODY_BYTES = 1024 * 1024 - 1024;

/** Makes the namespace and gives a client inside it. */
export async function makeNamespace(client: Client, name: string): Promise<Client> {
  await client.post("/v1/namespaces", { name }, Namespace);
  return client.inNamespace(name);
}

/** Registers an endpoint for all events; its signing secret is shown this once. */
export async function registerWebhook(client: Client, url: string): Promise<string> {
  return (await client.post("/v1/webhooks", { url, event_types: ["*"] }, CreatedWebhook)).secret;
}

/** Makes a bucket, and puts the passages into it. Answers the bucket's id and the requests made. */
export async function fillBucket(
  client: Client,
  name: string,
  passages: readonly Passage[],
): Promise<{ readonly bucketId: string; readonly requests: number }> {
  const { bucket_id: bucketId } = await client.post("/v1/buckets", { name }, Bucket);
  const bodies = inBodies(passages);
  let created = 0;
  for (const objects of bodies) {
    const path = `/v1/buckets/${bucketId}/objects/batch`;
    const { results } = await client.post(path, { objects }, CreateObjectsResponse);
    const failures = results.filter((result) => "error" in result);
    claim(failures.length === 0, `objects were refused: ${JSON.stringify(failures[0])}`);
    created += results.length;
  }
  claim(created === passages.length, `${created} of ${passages.length} objects were created`);
  return { bucketId, requests: bodies.length };
}

/** A batch of the whole bucket into a new collection, submitted: the DRAFT and its task. */
export async function submitBatch(
  client: Client,
  { bucketId, collection, options }: { bucketId: string; collection: string; options?: object },
): Promise<{ readonly batch: Batch; readonly task: Task; readonly collectionId: string }> {
  const made = await client.post("/v1/collections", { name: collection }, Collection);
  const collectionId = made.collection_id;
  const batch = await client.post(
    `/v1/buckets/${bucketId}/batches`,
    { all: true, collection_id: collectionId, ...(options && { options }) },
    Batch,
  );
  claim(batch.status === "DRAFT", `a new batch should be a DRAFT, not ${batch.status}`);
  const task = await client.post(
    `/v1/buckets/${bucketId}/batches/${batch.batch_id}/submit`,
    {},
    Task,
  );
  return { batch, task, collectionId };
}

type ObjectBody = {
  readonly key: string;
  readonly content: { readonly text: string };
  readonly metadata: Passage["metadata"];
};

/** The passages as objects, in as few request bodies as the limits allow. */
function inBodies(passages: readonly Passage[]): ObjectBody[][] {
  const bodies: ObjectBody[][] = [[]];
  let bytes = 0;
  for (const { key, text, metadata } of passages) {
    const object = { key, content: { text }, metadata };
    const size = Buffer.byteLength(JSON.stringify(object)) + 1;
    const last = bodies.at(-1) ?? [];
    if (bytes + size > MAX_BODY_BYTES || last.length === MAX_OBJECTS_PER_REQUEST) {
      bodies.push([object]);
      bytes = size;
    } else {
      last.push(object);
      bytes += size;
    }
  }
  return bodies;
}

/** What a finished batch says of itself in its task's `outputs`. */
export const BatchOutput = z.object({
  collection_id: z.string(),
  documents_written: z.int(),
  objects_processed: z.int(),
  objects_failed: z.int(),
});

export type BatchOutput = z.infer<typeof BatchOutput>;

/** The outputs of a batch's task that has ended. */
export function outputOf(task: Task): BatchOutput {
  return BatchOutput.parse(task.outputs?.[0]);
}
