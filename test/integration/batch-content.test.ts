import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { CollectionDocument } from "../../src/contract/document.ts";
import type { Task } from "../../src/contract/task.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import {
  type BatchFixture,
  holdJobs,
  makeBatch,
  sentence,
  submit,
  untilEnded,
} from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
const web = new TestReceiver(() => Date.now());
beforeAll(async () => {
  world = await startWorld();
  await web.start();
});
afterAll(async () => {
  await web.close();
  await world.close();
});

const Added = z.object({ results: z.array(z.object({ object_id: z.string() })) });
const Documents = z.object({ results: z.array(CollectionDocument) });
const Output = z.object({
  documents_written: z.number(),
  objects_processed: z.number(),
  objects_failed: z.number(),
  failures: z.array(z.object({ object_id: z.string(), code: z.string(), message: z.string() })),
});

/** A DRAFT batch of objects with these contents, in a bucket and a collection of their own. */
async function batchOf(api: Api, contents: readonly object[], request: object = { all: true }) {
  const batch = await makeBatch(api, [], request);
  const objects = contents.map((content) => ({ content, metadata: { kind: "test" } }));
  const path = `/v1/buckets/${batch.bucketId}/objects/batch`;
  const added = Added.parse((await api.post(path, { objects }).expect(200)).body);
  return { ...batch, objectIds: added.results.map((row) => row.object_id) };
}

async function run(api: Api, batch: BatchFixture): Promise<Task> {
  return untilEnded(api, (await submit(api, batch)).task_id, 25_000);
}

const outputOf = (task: Task) => Output.parse(task.outputs?.[0]);

async function documentsOf(api: Api, batch: BatchFixture, request: object = {}) {
  const path = `/v1/collections/${batch.collectionId}/documents/list`;
  const body = { limit: 200, ...request };
  return Documents.parse((await api.post(path, body).expect(200)).body).results;
}

const squeeze = (long: string) => long.replaceAll(/\s+/g, "");
const type = (name: string) => ({ "Content-Type": name });
const unlessUpdatedAt = (key: string, value: unknown) => (key === "updated_at" ? null : value);

function similarity(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}

describe("an object's text", () => {
  it("is one document, word for word, in whatever script, with its metadata and a vector of length 1", async () => {
    const api = await world.inNamespace();
    const texts = [
      "The carrier takes the goods to the port.",
      "Перевозчик доставляет груз в порт назначения.",
      "承运人将货物运至目的港。",
      "تنقل السفينة البضائع إلى الميناء.",
      "נושא הספינה את הסחורה לנמל.",
      "वाहक माल को बंदरगाह तक ले जाता है।",
      "🚢🌊⚓ 👩‍✈️ é é",
      "# Heading\n\n* a *list* in `markdown`",
    ];
    const batch = await batchOf(
      api,
      texts.map((text) => ({ text })),
    );
    const task = await run(api, batch);
    expect(task).toMatchObject({ status: "COMPLETED" });
    const documents = await documentsOf(api, batch, { return_vectors: true });
    expect(documents).toHaveLength(texts.length);
    for (const [index, text] of texts.entries()) {
      const own = documents.find((one) => one.object_id === batch.objectIds[index]);
      expect(own).toMatchObject({ text, chunk_index: 0, metadata: { kind: "test" } });
      expect(own?.embedding).toHaveLength(256);
      const vector = own?.embedding ?? [];
      expect(similarity(vector, vector)).toBeCloseTo(1, 4);
    }
  });

  it("is a JSON value's leaves in order", async () => {
    const api = await world.inNamespace();
    const json = { title: "Manifest", crates: [{ weight: 12.5, fragile: true }, null], z: "end" };
    const batch = await batchOf(api, [{ json }]);
    await run(api, batch);
    const [document] = await documentsOf(api, batch);
    expect(document?.text).toBe("Manifest\n12.5\ntrue\nend");
  });

  it("that is long becomes chunks that follow each other and together are the whole text", async () => {
    const api = await world.inNamespace();
    const text = Array.from({ length: 9000 }, (_, index) => sentence(index)).join(" ");
    const request = { all: true, options: { chunk_size: 8000, chunk_overlap: 0 } };
    const batch = await batchOf(api, [{ text }], request);
    expect(text.length).toBeGreaterThan(800_000);
    const task = await run(api, batch);
    const documents = await documentsOf(api, batch);
    expect(outputOf(task)).toMatchObject({ objects_processed: 1, objects_failed: 0 });
    expect(outputOf(task).documents_written).toBe(documents.length);
    const chunks = documents.toSorted((one, other) => one.chunk_index - other.chunk_index);
    expect(chunks.map((chunk) => chunk.chunk_index)).toEqual([...chunks.keys()]);
    expect(chunks.every((chunk) => chunk.text.length <= 8000)).toBe(true);
    expect(squeeze(chunks.map((chunk) => chunk.text).join(""))).toBe(squeeze(text));
  });

  it("that is the same has the same vector; a like one is nearer than an unlike one", async () => {
    const api = await world.inNamespace();
    const texts = [sentence(1), sentence(1), sentence(2), "Кот сидит на окне и смотрит на дождь."];
    const batch = await batchOf(
      api,
      texts.map((text) => ({ text })),
    );
    await run(api, batch);
    const documents = await documentsOf(api, batch, { return_vectors: true });
    const [one = [], same = [], like = [], unlike = []] = batch.objectIds.map(
      (id) => documents.find((document) => document.object_id === id)?.embedding,
    );
    expect(same).toEqual(one);
    expect(similarity(one, like)).toBeGreaterThan(similarity(one, unlike) + 0.2);
  });
});

describe("an object without usable text", () => {
  it("is counted and named with the reason, and the others become documents", async () => {
    const api = await world.inNamespace();
    const contents = [
      { text: "" },
      { text: " \n\t\u00a0\u3000" },
      { text: "PK\u0003\u0004\u0000binary" },
      { json: { only: [null, {}] } },
      ...Array.from({ length: 4 }, (_, index) => ({ text: sentence(index) })),
    ];
    const batch = await batchOf(api, contents);
    const task = await run(api, batch);
    expect(task).toMatchObject({
      status: "COMPLETED",
      error_message: null,
      progress: { completed: 8, total: 8 },
    });
    const output = outputOf(task);
    expect(output).toMatchObject({ objects_processed: 8, objects_failed: 4, documents_written: 4 });
    expect(output.failures.map(({ object_id, code }) => [object_id, code])).toEqual([
      [batch.objectIds[0], "empty_text"],
      [batch.objectIds[1], "empty_text"],
      [batch.objectIds[2], "not_text"],
      [batch.objectIds[3], "empty_text"],
    ]);
    expect(await documentsOf(api, batch)).toHaveLength(4);
  });

  it("fails the task once there are more of them than others, which lists the first twenty", async () => {
    const api = await world.inNamespace();
    const empty = Array.from({ length: 30 }, () => ({ text: "" }));
    const batch = await batchOf(api, [...empty, { text: sentence(1) }]);
    const task = await run(api, batch);
    const message =
      "30 of 31 objects could not be processed. The first: empty_text. The task's outputs list them.";
    expect(task).toMatchObject({
      status: "FAILED",
      error_message: message,
      last_error: { code: "too_many_failures", message, retryable: false },
      attempt: 1,
    });
    expect(outputOf(task)).toMatchObject({ objects_failed: 30, documents_written: 1 });
    expect(outputOf(task).failures).toHaveLength(20);
    const shown = (await api.get(batch.path).expect(200)).body;
    expect(shown).toMatchObject({ status: "FAILED", error_message: message });
  });
});

describe("a URL", () => {
  it("is fetched when the batch runs; what can't be read is a failure that says why", async () => {
    const api = await world.inNamespace();
    const html = "<html><head><title>T</title><style>p{}</style></head><body><p>Read me</p></body>";
    web.answering = ({ path }) => {
      if (path === "/text") return { status: 200, headers: type("text/plain"), body: "Bare text" };
      if (path === "/html") return { status: 200, headers: type("text/html"), body: html };
      if (path === "/json") {
        return { status: 200, headers: type("application/json"), body: '{"a":["one",2]}' };
      }
      if (path === "/latin") {
        const body = Buffer.from("na\u00efve caf\u00e9", "latin1");
        return { status: 200, headers: type("text/plain; charset=iso-8859-1"), body };
      }
      if (path === "/image") return { status: 200, headers: type("image/png"), body: "PNG" };
      if (path === "/away") return { status: 302, headers: { Location: web.url("/text") } };
      if (path === "/big") {
        return { status: 200, headers: type("text/plain"), body: "x ".repeat(600_000) };
      }
      if (path === "/cut") return "cut";
      return { status: 404 };
    };
    const good = ["/text", "/html", "/json", "/latin", "/text", "/html", "/json"];
    const bad = ["/image", "/away", "/big", "/cut", "/missing"];
    const batch = await batchOf(
      api,
      [...good, ...bad].map((path) => ({ url: web.url(path) })),
    );
    const task = await run(api, batch);
    expect(task.status).toBe("COMPLETED");
    const { failures } = outputOf(task);
    expect(failures.map(({ object_id }) => object_id)).toEqual(batch.objectIds.slice(good.length));
    expect(failures.map(({ code }) => code)).toEqual([
      "url_not_text",
      "url_unreachable",
      "url_too_large",
      "url_unreachable",
      "url_unreachable",
    ]);
    expect(failures[1]?.message).toContain("redirects are not followed");
    expect(failures[4]?.message).toContain("404");
    const texts = (await documentsOf(api, batch, { sort: "created_at" })).map((one) => one.text);
    expect(texts.filter((text) => text.includes("Read me"))).toHaveLength(2);
    expect(texts.filter((text) => text.includes("p{}"))).toEqual([]);
    expect(texts).toContain("naïve café");
    expect(texts.filter((text) => text === "one\n2")).toHaveLength(2);
  });

  it("whose server is silent is given up after ten seconds, and holds nothing else up", async () => {
    const api = await world.inNamespace();
    web.answering = () => "silence";
    const batch = await batchOf(api, [{ url: web.url("/silent") }, { text: sentence(1) }]);
    const task = await run(api, batch);
    expect(task.status).toBe("COMPLETED");
    expect(outputOf(task).failures).toMatchObject([
      { code: "url_unreachable", message: "The URL did not answer in time." },
    ]);
    expect(outputOf(task).documents_written).toBe(1);
  });
});

describe("what happens between submit and run", () => {
  it("an object that is deleted is a failure of a batch that names it, and no part of one of all", async () => {
    const api = await world.inNamespace();
    for (const isNamed of [true, false]) {
      const letJobsGo = holdJobs(world);
      const made = await batchOf(api, [{ text: sentence(1) }, { text: sentence(2) }]);
      const request = isNamed ? { object_ids: made.objectIds } : { all: true };
      const path = `/v1/buckets/${made.bucketId}`;
      const { headers } = await api
        .post(`${path}/batches`, { ...request, collection_id: made.collectionId })
        .expect(201);
      const batch = { ...made, path: String(headers.get("Location")) };
      const { task_id } = await submit(api, batch);
      letJobsGo();
      await api.delete(`${path}/objects/${batch.objectIds[0]}`).expect(204);
      await world.runMinuteCron(61_000);
      const task = await untilEnded(api, task_id);
      expect(task).toMatchObject({ status: "COMPLETED" });
      expect(outputOf(task)).toMatchObject({
        documents_written: 1,
        failures: isNamed ? [{ object_id: batch.objectIds[0], code: "object_not_found" }] : [],
      });
    }
  });

  it("a collection that was deleted while the batch was a DRAFT fails its task and says so", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    await api.delete(`/v1/collections/${batch.collectionId}`).expect(204);
    const task = await run(api, batch);
    expect(task).toMatchObject({
      status: "FAILED",
      error_message: "The batch's collection no longer exists.",
      last_error: { code: "collection_not_found" },
    });
  });
});

it("a second batch over the same objects writes the same documents again, and no others", async () => {
  const api = await world.inNamespace();
  const batch = await batchOf(api, [{ text: sentence(1) }, { text: sentence(2) }]);
  await run(api, batch);
  const first = await documentsOf(api, batch, { return_vectors: true });
  const { headers } = await api
    .post(`/v1/buckets/${batch.bucketId}/batches`, { all: true, collection_id: batch.collectionId })
    .expect(201);
  const task = await run(api, { ...batch, path: String(headers.get("Location")) });
  expect(outputOf(task).documents_written).toBe(2);
  const second = await documentsOf(api, batch, { return_vectors: true });
  expect(second.map((document) => JSON.stringify(document, unlessUpdatedAt))).toEqual(
    first.map((document) => JSON.stringify(document, unlessUpdatedAt)),
  );
});
