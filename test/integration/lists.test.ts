import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { UnshownRow } from "../../src/contract/common.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const Page = z.object({
  results: z.array(z.record(z.string(), z.unknown())),
  pagination: z.object({ next_cursor: z.string().nullable() }),
});

type Walk = {
  readonly path: string;
  /** The field that names a row. */
  readonly id: string;
  readonly request?: object;
  readonly limit: number;
};

/** Every page of a list, one after the other; `between` happens after each page. */
async function walk(
  api: Api,
  { path, id, request = {}, limit }: Walk,
  between: (seen: readonly string[]) => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const answer = await api.post(`${path}/list?limit=${limit}${query}`, request).expect(200);
    const page = Page.parse(answer.body);
    expect(page.results.length).toBeLessThanOrEqual(limit);
    seen.push(...page.results.map((row) => String(row[id])));
    cursor = page.pagination.next_cursor;
    if (cursor !== null) await between(seen);
  } while (cursor !== null);
  return seen;
}

/** How rows of a kind come and go. */
type Kind = {
  readonly kind: string;
  readonly id: string;
  readonly path: (api: Api) => Promise<string>;
  /** Makes rows and answers their ids. */
  readonly make: (api: Api, path: string, count: number) => Promise<string[]>;
};

let made = 0;
const makeOneByOne =
  (id: string, request: (index: number) => object) =>
  async (api: Api, path: string, count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      made += 1;
      ids.push(String((await api.post(path, request(made)).expect(201)).body[id]));
    }
    return ids;
  };

const Added = z.object({ results: z.array(z.object({ object_id: z.string() })) });

const KINDS: readonly Kind[] = [
  ...["bucket", "collection"].map((kind) => ({
    kind,
    id: `${kind}_id`,
    path: () => Promise.resolve(`/v1/${kind}s`),
    make: makeOneByOne(`${kind}_id`, (index) => ({ name: `row-${index}` })),
  })),
  {
    kind: "webhook",
    id: "webhook_id",
    path: () => Promise.resolve("/v1/webhooks"),
    make: makeOneByOne("webhook_id", () => ({
      url: "https://hooks.example.com/in",
      event_types: ["*"],
    })),
  },
  {
    kind: "object (many of one millisecond)",
    id: "object_id",
    path: async (api) => {
      await api.post("/v1/buckets", { name: "b" }).expect(201);
      return "/v1/buckets/b/objects";
    },
    make: async (api, path, count) => {
      const objects = Array.from({ length: count }, () => ({ content: { text: "" } }));
      const answer = await api.post(`${path}/batch`, { objects }).expect(200);
      return Added.parse(answer.body).results.map((row) => row.object_id);
    },
  },
  {
    kind: "batch",
    id: "batch_id",
    path: async (api) => {
      await api.post("/v1/buckets", { name: "b" }).expect(201);
      await api.post("/v1/collections", { name: "c" }).expect(201);
      return "/v1/buckets/b/batches";
    },
    make: makeOneByOne("batch_id", () => ({ all: true, collection_id: "c" })),
  },
];

describe.each(KINDS)("a list of $kind", ({ id, path, make }) => {
  it.each(["created_at", "-created_at"])(
    "by %s loses and repeats nothing while rows come and go between its pages",
    async (sort) => {
      const api = await world.inNamespace();
      const list = await path(api);
      const ids = await make(api, list, 9);
      const inOrder = sort === "created_at" ? ids : ids.toReversed();
      const gone = new Set<string>();
      let pages = 0;
      const seen = await walk(api, { path: list, id, limit: 2, request: { sort } }, async (so) => {
        pages += 1;
        if (pages > 2) return;
        // One that was seen, one that was not, and a new one.
        for (const victim of [so.at(-1) ?? "", inOrder.at(-pages) ?? ""]) {
          gone.add(victim);
          await api.delete(`${list}/${victim}`).expect(204);
        }
        await make(api, list, 1);
      });
      expect(new Set(seen).size).toBe(seen.length);
      const ofFirst = seen.filter((one) => ids.includes(one));
      const staying = inOrder.filter((one) => ofFirst.includes(one) || !gone.has(one));
      expect(ofFirst).toEqual(staying);
    },
  );
});

it("namespaces and keys are listed in pages too, each once", async () => {
  const names = Array.from({ length: 5 }, (_, index) => `paged-${index}`);
  const namespaces: string[] = [];
  for (const name of names) {
    const one = await world.api.post("/v1/namespaces", { name }).expect(201);
    namespaces.push(String(one.body["namespace_id"]));
  }
  const request = { name: names, sort: "created_at" };
  const walked = { path: "/v1/namespaces", id: "namespace_id", limit: 2, request };
  expect(await walk(world.api, walked)).toEqual(namespaces);
  const keys = await makeOneByOne("key_id", (index) => ({
    name: `key-${index}`,
    namespaces: [names[0]],
  }))(world.api, "/v1/keys", 5);
  const seen = await walk(world.api, { path: "/v1/keys", id: "key_id", limit: 2 });
  expect(seen).toEqual(keys.toReversed());
});

it("a batch that writes the same documents again between two pages moves none", async () => {
  const api = await world.inNamespace();
  const batch = await makeBatch(
    api,
    Array.from({ length: 7 }, (_, index) => sentence(index)),
  );
  await untilEnded(api, (await submit(api, batch)).task_id);
  const path = `/v1/collections/${batch.collectionId}/documents`;
  const whole = await walk(api, { path, id: "document_id", limit: 200 });
  let isAgain = false;
  const seen = await walk(api, { path, id: "document_id", limit: 3 }, async () => {
    if (isAgain) return;
    isAgain = true;
    const request = { all: true, collection_id: batch.collectionId };
    const again = await api.post(`/v1/buckets/${batch.bucketId}/batches`, request).expect(201);
    const task = await api.post(`${String(again.headers.get("Location"))}/submit`).expect(202);
    await untilEnded(api, String(task.body["task_id"]));
  });
  expect(seen).toHaveLength(7);
  expect(seen).toEqual(whole);
});

it("a page of large rows is shorter than asked for, and the next ones have the rest", async () => {
  const api = await world.inNamespace();
  await api.post("/v1/buckets", { name: "b" }).expect(201);
  const path = "/v1/buckets/b/objects";
  const ids: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    const object = { content: { text: `${index}${"x".repeat(900_000)}` } };
    ids.push(String((await api.post(path, object).expect(201)).body["object_id"]));
  }
  let pages = 1;
  const walked = { path, id: "object_id", limit: 200, request: { sort: "created_at" } };
  const seen = await walk(api, walked, () => {
    pages += 1;
    return Promise.resolve();
  });
  expect(seen).toEqual(ids);
  expect(pages).toBeGreaterThan(1);
});

describe("a list's filters", () => {
  it("take one value or several, by OR; filters are joined by AND", async () => {
    const api = await world.inNamespace();
    const path = "/v1/buckets";
    const make = async (name: string, metadata: object) =>
      String((await api.post(path, { name, metadata }).expect(201)).body["bucket_id"]);
    const red = await make("red", { colour: "red", size: 1, sold: true });
    const blue = await make("blue", { colour: "blue", size: 1 });
    const big = await make("big", { colour: "red", size: 2, sold: false });
    const found = (request: object) =>
      walk(api, { path, id: "bucket_id", limit: 50, request: { sort: "created_at", ...request } });
    expect(await found({})).toEqual([red, blue, big]);
    expect(await found({ name: "blue" })).toEqual([blue]);
    expect(await found({ name: ["big", "red", "none"] })).toEqual([red, big]);
    expect(await found({ metadata: { colour: "red" } })).toEqual([red, big]);
    expect(await found({ metadata: { colour: "red", size: 1 } })).toEqual([red]);
    expect(await found({ metadata: { sold: false } })).toEqual([big]);
    expect(await found({ metadata: { size: "1" } })).toEqual([]);
    expect(await found({ metadata: {} })).toEqual([red, blue, big]);
    expect(await found({ name: ["red", "blue"], metadata: { size: 1 } })).toEqual([red, blue]);
    expect(await found({ status: "ACTIVE" })).toHaveLength(3);
    expect(await found({ status: ["ARCHIVED", "DRAFT"] })).toEqual([]);
  });

  it("take times from (inclusive) and before (exclusive)", async () => {
    const api = await world.inNamespace();
    const one = await api.post("/v1/buckets", { name: "one" }).expect(201);
    const at = String(one.body["created_at"]);
    const next = new Date(Date.parse(at) + 1).toISOString();
    const count = async (created_at: object) =>
      (await walk(api, { path: "/v1/buckets", id: "name", limit: 9, request: { created_at } }))
        .length;
    expect(await count({ gte: at })).toBe(1);
    expect(await count({ gte: next })).toBe(0);
    expect(await count({ lt: at })).toBe(0);
    expect(await count({ gte: at, lt: next })).toBe(1);
    expect(await count({})).toBe(1);
  });

  it("are given again with each page, and a body's limit and cursor win over the query's", async () => {
    const api = await world.inNamespace();
    const ids = await KINDS[0]?.make(api, "/v1/buckets", 3);
    const answer = await api.post("/v1/buckets/list?limit=1", { limit: 2 }).expect(200);
    const page = Page.parse(answer.body);
    expect(page.results).toHaveLength(2);
    const { next_cursor } = page.pagination;
    const rest = await api.post("/v1/buckets/list?cursor=zzz", { cursor: next_cursor }).expect(200);
    expect(Page.parse(rest.body).results.map((row) => row["bucket_id"])).toEqual(ids?.slice(0, 1));
  });
});

describe("a row that can't be shown", () => {
  it("is listed as far as it can be, and breaks no list", async () => {
    const api = await world.inNamespace();
    const submission = { kind: "task", task_type: "own.work", input: {} };
    await api.put("/v1/task-types/own.work", { executor_url: "https://e.example.com/" });
    for (const name of ["good", "bad"]) {
      const schedule = { name, cron: "0 0 1 1 *", submission };
      await api.post("/v1/schedules", schedule).expect(201);
      const type = { schema: { type: "object" }, example: {} };
      await api.put(`/v1/event-types/${name}.type`, type).expect(201);
      await api.post("/v1/buckets", { name }).expect(201);
    }
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    const mongo = await MongoClient.connect(world.stack.vars["MONGODB_URI"] ?? "");
    const db = mongo.db(world.database);
    const { body } = await api.get("/v1/buckets/bad").expect(200);
    const of = { namespace_id: body["namespace_id"] };
    await db
      .collection("schedules")
      .updateOne({ ...of, name: "bad" }, { $set: { submission: "{" } });
    await db
      .collection("event_types")
      .updateOne({ ...of, name: "bad.type" }, { $set: { example: deep } });
    await db
      .collection("buckets")
      .updateOne({ ...of, name: "bad" }, { $set: { updated_at: null } });
    await mongo.close();
    for (const [path, request, name] of [
      ["/v1/schedules", {}, "bad"],
      ["/v1/event-types", { origin: "registered" }, "bad.type"],
      ["/v1/buckets", {}, "bad"],
    ] as const) {
      const page = (await api.post(`${path}/list`, request).expect(200)).body;
      expect(page["results"]).toHaveLength(1);
      expect(page["unshown"]).toMatchObject([{ name, created_at: expect.any(String) }]);
      const [row] = UnshownRow.array().parse(page["unshown"]);
      const logged = world.logs.filter((line) => line.includes("a row can't be shown"));
      expect(logged.some((line) => line.includes(`"${String(row?.id)}"`))).toBe(true);
    }
  });
});
