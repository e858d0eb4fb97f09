import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Api } from "../support/api.ts";
import { holdJobs, makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { everythingIn } from "../support/populated.ts";
import { expectProblem } from "../support/problems.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const Rows = z.object({ results: z.array(z.record(z.string(), z.unknown())) });

async function rowsOf(api: Api, path: string, filter: object = {}) {
  return Rows.parse((await api.post(`${path}/list`, filter).expect(200)).body).results;
}

const object = (key: string) => ({ key, content: { text: key } });

describe.each([
  { path: "/v1/namespaces", id: "namespace_id", prefix: "ns_" },
  { path: "/v1/buckets", id: "bucket_id", prefix: "bkt_" },
  { path: "/v1/collections", id: "collection_id", prefix: "col_" },
])("what $path holds", ({ path, id, prefix }) => {
  it("is made, got by id and by name, listed, and deleted; then its name is free", async () => {
    const api = await world.inNamespace();
    const request = { name: "Ships.of_1912", metadata: { year: 1912, sunk: true, ünïcode: "é" } };
    const made = await api.post(path, request).expect(201);
    const madeId = String(made.body[id]);
    expect(made.body).toMatchObject({ ...request, status: "ACTIVE" });
    expect(madeId).toMatch(new RegExp(`^${prefix}[0-9a-f]{32}$`));
    expect(made.headers.get("Location")).toBe(`${path}/${madeId}`);
    expect((await api.get(`${path}/${madeId}`).expect(200)).body).toEqual(made.body);
    expect((await api.get(`${path}/${request.name}`).expect(200)).body).toEqual(made.body);
    expect(await rowsOf(api, path, { name: request.name })).toEqual([made.body]);

    expectProblem(await api.post(path, request), 409, "name_taken");
    expect((await api.delete(`${path}/${request.name}`).expect(204)).text).toBe("");
    expectProblem(await api.get(`${path}/${madeId}`), 404, "not_found");
    expectProblem(await api.delete(`${path}/${madeId}`), 404, "not_found");
    expect(await rowsOf(api, path, { name: request.name })).toEqual([]);
    const again = await api.post(path, request).expect(201);
    expect(again.body[id]).not.toBe(madeId);
    await api.delete(`${path}/${String(again.body[id])}`).expect(204);
  });

  it("made by many at once under one name is made once", async () => {
    const api = await world.inNamespace();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api.post(path, { name: "race" })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
    expect(await rowsOf(api, path, { name: "race" })).toHaveLength(1);
    await api.delete(`${path}/race`).expect(204);
  });
});

it("the same name in another namespace is another resource", async () => {
  const [one, two] = [await world.inNamespace(), await world.inNamespace()];
  const first = await one.post("/v1/buckets", { name: "same" }).expect(201);
  const second = await two.post("/v1/buckets", { name: "same" }).expect(201);
  expect(second.body["bucket_id"]).not.toBe(first.body["bucket_id"]);
  expect((await two.get("/v1/buckets/same").expect(200)).body).toEqual(second.body);
});

describe("a namespace", () => {
  it("that holds something stays, and says what is in the way", async () => {
    const api = await world.inNamespace("full");
    await api.post("/v1/buckets", { name: "b" }).expect(201);
    await api.post("/v1/collections", { name: "c" }).expect(201);
    const url = "https://hooks.example.com/in";
    const hook = await api.post("/v1/webhooks", { url, event_types: ["*"] }).expect(201);
    const refused = expectProblem(await world.api.delete("/v1/namespaces/full"), 409, "not_empty");
    expect(refused.detail).toContain("buckets, collections, webhooks");
    await api.delete("/v1/buckets/b").expect(204);
    await api.delete("/v1/collections/c").expect(204);
    await api.delete(`/v1/webhooks/${String(hook.body["webhook_id"])}`).expect(204);
    await world.api.delete("/v1/namespaces/full").expect(204);
  });

  it("that is deleted is gone at once, and one of the same name is a new one", async () => {
    const api = await world.inNamespace("phoenix");
    const before = await api.post("/v1/buckets", { name: "ash" }).expect(201);
    await api.delete("/v1/buckets/ash").expect(204);
    await world.api.delete("/v1/namespaces/phoenix").expect(204);
    expectProblem(await api.post("/v1/buckets", { name: "ghost" }), 404, "not_found");
    await world.api.post("/v1/namespaces", { name: "phoenix" }).expect(201);
    const after = await api.post("/v1/buckets", { name: "ash" }).expect(201);
    expect(after.body["namespace_id"]).not.toBe(before.body["namespace_id"]);
  });
});

describe("an object", () => {
  it("is got and deleted by its id or its key, whatever characters the key has", async () => {
    const api = await world.inNamespace();
    await api.post("/v1/buckets", { name: "b" }).expect(201);
    for (const key of ["a/b/c.txt", "Ünïcode 🚢", "%41", "list", "x?y#z", "'\"<>&"]) {
      const path = "/v1/buckets/b/objects";
      const request = { key, content: { json: { ship: ["Titanic", 46_328, null] } } };
      const made = await api.post(path, { ...request, metadata: { n: 1.5 } }).expect(201);
      expect(made.body).toMatchObject({ ...request, status: "ACTIVE", metadata: { n: 1.5 } });
      const byKey = `${path}/${encodeURIComponent(key)}`;
      expect((await api.get(byKey).expect(200)).body).toEqual(made.body);
      expect((await api.get(String(made.headers.get("Location"))).expect(200)).body).toEqual(
        made.body,
      );
      expectProblem(await api.post(path, request), 409, "name_taken");
      await api.delete(byKey).expect(204);
      expectProblem(await api.get(byKey), 404, "not_found");
    }
  });

  it("keeps its JSON as it was sent: key order, dollars, dots, dates and numbers", async () => {
    const api = await world.inNamespace();
    await api.post("/v1/buckets", { name: "b" }).expect(201);
    const json = '{"z":1,"a":{"$set":{"x.y":null}},"":[],"d":"2026-01-01T00:00:00Z","n":1e-7}';
    const text = `{"content":{"json":${json}}}`;
    const headers = { "Content-Type": "application/json" };
    const made = await api.raw("POST", "/v1/buckets/b/objects", text, headers).expect(201);
    const got = await api.get(String(made.headers.get("Location"))).expect(200);
    expect(got.text).toContain(`"content":{"json":${json}}`);
  });

  it("whose key is taken stops only itself among many, also when its twin is in the same request", async () => {
    const api = await world.inNamespace();
    await api.post("/v1/buckets", { name: "b" }).expect(201);
    await api.post("/v1/buckets/b/objects", object("old")).expect(201);
    const objects = [object("new"), object("old"), object("twin"), object("twin")];
    const { body } = await api.post("/v1/buckets/b/objects/batch", { objects }).expect(200);
    const results = Rows.parse(body).results;
    expect(results.filter((row) => "object_id" in row)).toHaveLength(2);
    expect(results[1]).toMatchObject({ error: { code: "name_taken" } });
    expect(await rowsOf(api, "/v1/buckets/b/objects")).toHaveLength(3);
  });
});

describe("a bucket", () => {
  it("is deleted only once it is empty", async () => {
    const api = await world.inNamespace();
    await api.post("/v1/buckets", { name: "b" }).expect(201);
    await api.post("/v1/buckets/b/objects", { key: "k", content: { text: "" } }).expect(201);
    expectProblem(await api.delete("/v1/buckets/b"), 409, "not_empty");
    await api.delete("/v1/buckets/b/objects/k").expect(204);
    await api.delete("/v1/buckets/b").expect(204);
  });
});

describe("a batch", () => {
  it("is deleted as a DRAFT and once it has ended; its documents stay", async () => {
    const api = await world.inNamespace();
    const draft = await makeBatch(api, [sentence(1)]);
    await api.delete(draft.path).expect(204);
    expectProblem(await api.post(`${draft.path}/submit`, {}), 404, "not_found");

    const run = await makeBatch(api, [sentence(1)]);
    const { task_id } = await submit(api, run);
    await untilEnded(api, task_id);
    await api.delete(run.path).expect(204);
    expectProblem(await api.get(run.path), 404, "not_found");
    expect(await rowsOf(api, `/v1/collections/${run.collectionId}/documents`)).toHaveLength(1);
    await api.get(`/v1/tasks/${task_id}`).expect(200);
  });

  it("that waits is not deleted, nor its collection, nor its namespace, until it is killed", async () => {
    const api = await world.inNamespace("busy");
    const letJobsGo = holdJobs(world);
    const batch = await makeBatch(api, [sentence(1)]);
    const { task_id } = await submit(api, batch);
    letJobsGo();
    const collection = `/v1/collections/${batch.collectionId}`;
    const inUse = expectProblem(await api.delete(batch.path), 409, "resource_in_use");
    expect(inUse.detail).toContain(task_id);
    const written = expectProblem(await api.delete(collection), 409, "resource_in_use");
    expect(written.detail).toContain(batch.batchId);
    const namespace = expectProblem(
      await world.api.delete("/v1/namespaces/busy"),
      409,
      "not_empty",
    );
    expect(namespace.detail).toContain("tasks that have not ended");
    await api.post(`/v1/tasks/${task_id}/kill`).expect(202);
    await api.delete(batch.path).expect(204);
    await api.delete(collection).expect(204);
  });
});

describe("a collection", () => {
  it("takes its documents with it; a document may go alone, and a batch makes it again", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1), sentence(2)]);
    await untilEnded(api, (await submit(api, batch)).task_id);
    const path = `/v1/collections/${batch.collectionId}/documents`;
    const [first] = await rowsOf(api, path);
    const document = `${path}/${String(first?.["document_id"])}`;
    expect((await api.get(document).expect(200)).body).toEqual(first);
    await api.delete(document).expect(204);
    expectProblem(await api.get(document), 404, "not_found");
    expect(await rowsOf(api, path)).toHaveLength(1);

    const request = { all: true, collection_id: batch.collectionId };
    const again = await api.post(`/v1/buckets/${batch.bucketId}/batches`, request).expect(201);
    const submitted = await api.post(`${String(again.headers.get("Location"))}/submit`).expect(202);
    await untilEnded(api, String(submitted.body["task_id"]));
    expect(await rowsOf(api, path)).toHaveLength(2);

    await api.delete(`/v1/collections/${batch.collectionId}`).expect(204);
    expectProblem(await api.get(document), 404, "not_found");
    expectProblem(await api.post(`${path}/list`, {}), 404, "not_found");
    const { documents } = await everythingIn(world);
    expect(JSON.stringify(documents)).not.toContain(batch.collectionId);
  });
});
