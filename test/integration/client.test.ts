import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  ConflictError,
  createClient,
  InvalidRequestError,
  NotFoundError,
  TaskFailedError,
  UnauthenticatedError,
  UnexpectedAnswerError,
} from "../../client/src/index.ts";
import { routes } from "../../client/src/routes.ts";
import { makeBatch, sentence } from "../support/fixtures.ts";
import { readRoutes } from "../support/routes.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

let world: SharedWorld;
let client: Client;
let namespaces = 0;
beforeAll(async () => {
  world = await sharedWorld();
});
afterAll(leaveSharedWorld);

/** A client in a new namespace, and a batch there that waits to be submitted. */
async function withBatch(texts = [sentence(1), sentence(2), sentence(3)]) {
  const namespace = `client-${(namespaces += 1)}`;
  const batch = await makeBatch(await world.inNamespace(namespace), texts);
  client = createClient({ baseUrl: world.worker.url, key: world.stack.adminKey, namespace });
  return batch;
}

describe("the client's table", () => {
  it("has every route of /openapi.json, and no other", async () => {
    const described = (await readRoutes(world.api))
      .map(({ method, path }) => `${method} ${path}`)
      // The client streams one task's events; a namespace's are not part of it.
      .filter((name) => name !== "GET /v1/events/stream");
    const table = Object.values(routes).flatMap((group) =>
      Object.values(group).map((route) => route.name),
    );
    expect(new Set(table)).toEqual(new Set(described));
    expect(table).toHaveLength(described.length);
  });

  it("knows of each route whether it takes a body and whether it is a list", async () => {
    const described = await readRoutes(world.api);
    for (const route of Object.values(routes).flatMap((group) => Object.values(group))) {
      const one = described.find(({ method, path }) => `${method} ${path}` === route.name);
      expect({ name: route.name, hasBody: route.hasBody, isList: route.kind === "page" }).toEqual({
        name: route.name,
        hasBody: one?.hasBody,
        isList: one?.isList,
      });
    }
  });
});

describe("the client", () => {
  it("makes, reads, lists and deletes", async () => {
    await withBatch();
    const bucket = await client.buckets.create({ name: "letters", metadata: { year: 2026 } });
    const object = await client.objects.create("letters", { key: "a/b", content: { text: "x" } });
    expect(await client.objects.get("letters", "a/b")).toEqual(object);
    const { results } = await client.objects.createMany("letters", {
      objects: [{ content: { text: "y" } }, { content: { text: "z" } }],
    });
    expect(results).toHaveLength(2);
    const keys = [];
    for await (const { key } of client.objects.listAll(bucket.bucket_id, { limit: 1 }))
      keys.push(key);
    expect(keys).toHaveLength(3);
    for await (const { object_id } of client.objects.listAll("letters")) {
      await client.objects.delete("letters", object_id);
    }
    await client.buckets.delete("letters");
    await expect(client.buckets.get("letters")).rejects.toBeInstanceOf(NotFoundError);
  });

  it("submits a batch and waits for its task", async () => {
    const { bucketId, batchId, collectionId } = await withBatch();
    const accepted = await client.batches.submit(bucketId, batchId, { tags: ["nightly"] });
    const task = await client.waitForTask(accepted.task_id, { deadline: 20_000 });
    expect(task).toMatchObject({ status: "COMPLETED", tags: ["nightly"], error_message: null });
    const history = await client.tasks.history(task.task_id);
    expect(history.status).toBe("COMPLETED");
    const { results } = await client.documents.list(collectionId, { limit: 2 });
    const document = await client.documents.get(collectionId, results[0]?.document_id ?? "", {
      query: { return_vectors: "true" },
    });
    expect(document.embedding).toHaveLength(256);
    const tasks = [];
    for await (const row of client.tasks.listAll({ tags: "nightly" })) tasks.push(row.task_id);
    expect(tasks).toEqual([task.task_id]);
  });

  it("follows the batch when its task is not found", async () => {
    const { bucketId, batchId } = await withBatch();
    await client.batches.submit(bucketId, batchId);
    const ended = await client.waitForTask(`tsk_${"0".repeat(32)}`, {
      deadline: 20_000,
      resource: () => client.batches.get(bucketId, batchId),
    });
    expect(ended).toMatchObject({ batch_id: batchId, status: "COMPLETED" });
  });

  it("submits once however often the answer is lost, and again under its own key only", async () => {
    const { bucketId, batchId } = await withBatch();
    let lost = 0;
    const lossy = createClient({
      baseUrl: world.worker.url,
      key: world.stack.adminKey,
      namespace: `client-${namespaces}`,
      retry: { delay: 1 },
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (init?.method !== "POST" || lost >= 2) return response;
        lost += 1;
        await response.arrayBuffer();
        throw new TypeError("the connection was lost");
      },
    });
    const task = await lossy.batches.submit(bucketId, batchId);
    expect(lost).toBe(2);
    expect((await client.tasks.list()).results.map(({ task_id }) => task_id)).toEqual([
      task.task_id,
    ]);
    await expect(client.batches.submit(bucketId, batchId)).resolves.toMatchObject({
      task_id: task.task_id,
    });
  });

  it("throws TaskFailedError with the task's error_message", async () => {
    const { bucketId, batchId, collectionId } = await withBatch();
    await client.collections.delete(collectionId);
    const { task_id } = await client.batches.submit(bucketId, batchId);
    const error: unknown = await client
      .waitForTask(task_id, { deadline: 20_000 })
      .catch((e: unknown) => e);
    const { error_message } = await client.tasks.get(task_id);
    expect(error).toBeInstanceOf(TaskFailedError);
    expect(error).toMatchObject({ message: error_message, task: { task_id, status: "FAILED" } });
  });

  it("throws the class of each refusal, with request id and fields", async () => {
    const { bucketId, batchId } = await withBatch();
    const { task_id } = await client.batches.submit(bucketId, batchId);
    await client.waitForTask(task_id, { deadline: 20_000 });
    const refused = await client.tasks.kill(task_id).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConflictError);
    expect(refused).toMatchObject({ code: "task_already_terminal", status: 409 });
    const invalid = await client.buckets.create({ name: "no spaces" }).catch((e: unknown) => e);
    expect(invalid).toBeInstanceOf(InvalidRequestError);
    expect(invalid).toMatchObject({
      requestId: expect.stringMatching(/./),
      fields: [{ path: "name", message: expect.any(String) }],
    });
    await expect(client.tasks.get(task_id, { key: "wrong" })).rejects.toBeInstanceOf(
      UnauthenticatedError,
    );
  });

  it("streams a task's events, once each, from any point", async (context) => {
    const { bucketId, batchId } = await withBatch();
    const { task_id } = await client.batches.submit(bucketId, batchId);
    const all: { sequence: number; type: string }[] = [];
    try {
      for await (const event of client.streamTask(task_id)) all.push(event);
    } catch (error) {
      if (!(error instanceof UnexpectedAnswerError)) throw error;
      context.skip("this worker answers JSON to Accept: text/event-stream: it doesn't stream yet");
    }
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1));
    expect(all.at(-1)?.type).toBe("task.completed");
    const later = [];
    for await (const event of client.streamTask(task_id, { lastEventId: 1 })) later.push(event);
    expect(later).toHaveLength(all.length - 1);
  });
});
