import { beforeAll, describe, expect, it } from "vitest";
import { everythingIn, type Populated } from "../../support/populated.ts";
import { expectInvalid, expectProblem } from "../../support/problems.ts";
import type { World } from "../../support/world.ts";
import { touredWorld } from "./toured-world.ts";

let world: World;
let own: Populated;
let atFirst: Record<string, unknown>;
beforeAll(async () => {
  ({ world, own } = await touredWorld());
  atFirst = await everythingIn(world);
});

const of = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const hook = { url: "https://hooks.example.com/in", event_types: ["task.*"] };
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** `:bucket` and its like stand for the fixture's ids. */
const WRONG_FIELDS: readonly (readonly [path: string, body: object, field: string])[] = [
  ...["namespaces", "buckets", "collections"].flatMap(
    (kind): (readonly [string, object, string])[] => [
      [`/v1/${kind}`, {}, "name"],
      [`/v1/${kind}`, { name: 7 }, "name"],
      [`/v1/${kind}`, { name: "" }, "name"],
      [`/v1/${kind}`, { name: "-a" }, "name"],
      [`/v1/${kind}`, { name: "a b" }, "name"],
      [`/v1/${kind}`, { name: "a/b" }, "name"],
      [`/v1/${kind}`, { name: "x".repeat(129) }, "name"],
      [`/v1/${kind}`, { name: `bkt_${"0".repeat(32)}` }, "name"],
      [`/v1/${kind}`, { name: "a", metadata: [] }, "metadata"],
      [`/v1/${kind}`, { name: "a", metadata: { deep: { er: 1 } } }, "metadata.deep"],
      [`/v1/${kind}`, { name: "a", metadata: { gone: null } }, "metadata.gone"],
      [`/v1/${kind}`, { name: "a", metadata: { $where: "1" } }, "metadata.$where"],
      [`/v1/${kind}`, { name: "a", metadata: { "a.b": "1" } }, "metadata.a.b"],
      [`/v1/${kind}`, { name: "a", metadata: { long: "x".repeat(1025) } }, "metadata.long"],
      [
        `/v1/${kind}`,
        { name: "a", metadata: Object.fromEntries(of(51).map((key) => [key, 1])) },
        "metadata",
      ],
      [`/v1/${kind}/list`, { status: "DONE" }, "status"],
      [`/v1/${kind}/list`, { status: ["ACTIVE", "DONE"] }, "status.1"],
      [`/v1/${kind}/list`, { status: [] }, "status"],
      [`/v1/${kind}/list`, { name: of(101) }, "name"],
      [`/v1/${kind}/list`, { sort: "name" }, "sort"],
      [`/v1/${kind}/list`, { created_at: { gte: "yesterday" } }, "created_at.gte"],
      [`/v1/${kind}/list`, { created_at: { lt: "2026-02-30T00:00:00Z" } }, "created_at.lt"],
      [`/v1/${kind}/list`, { created_at: { after: "2026-01-01T00:00:00Z" } }, "created_at.after"],
    ],
  ),
  ["/v1/collections", { name: "a", embedder: "gpt" }, "embedder"],
  ["/v1/keys", { name: "a" }, "namespaces"],
  ["/v1/keys", { name: "a", namespaces: [] }, "namespaces"],
  ["/v1/keys", { name: "a", namespaces: of(51) }, "namespaces"],
  ["/v1/keys", { name: "a", namespaces: ["own", "nowhere"] }, "namespaces.1"],
  ["/v1/keys", { name: "a", namespaces: ["own"], expires_at: "soon" }, "expires_at"],
  [
    "/v1/keys",
    { name: "a", namespaces: ["own"], expires_at: "2020-01-01T00:00:00Z" },
    "expires_at",
  ],
  ["/v1/buckets/:bucket/objects", {}, "content"],
  ["/v1/buckets/:bucket/objects", { content: "text" }, "content"],
  ["/v1/buckets/:bucket/objects", { content: {} }, "content"],
  ["/v1/buckets/:bucket/objects", { content: { text: "a", json: 1 } }, "content"],
  ["/v1/buckets/:bucket/objects", { content: { text: 5 } }, "content.text"],
  ["/v1/buckets/:bucket/objects", { content: { html: "<p>" } }, "content.html"],
  ["/v1/buckets/:bucket/objects", { content: { url: "ftp://a.example/b" } }, "content.url"],
  ["/v1/buckets/:bucket/objects", { content: { url: "/relative" } }, "content.url"],
  ["/v1/buckets/:bucket/objects", { content: { url: "https://169.254.169.254/" } }, "content.url"],
  ["/v1/buckets/:bucket/objects", { content: { url: "http://www.example.com/" } }, "content.url"],
  ["/v1/buckets/:bucket/objects", { content: { json: nested(101) } }, "content.json"],
  ["/v1/buckets/:bucket/objects", { key: "..", content: { text: "a" } }, "key"],
  ["/v1/buckets/:bucket/objects", { key: "a\nb", content: { text: "a" } }, "key"],
  ["/v1/buckets/:bucket/objects", { key: "x".repeat(257), content: { text: "a" } }, "key"],
  ["/v1/buckets/:bucket/objects/batch", {}, "objects"],
  ["/v1/buckets/:bucket/objects/batch", { objects: [] }, "objects"],
  ["/v1/buckets/:bucket/objects/batch", { objects: { content: { text: "a" } } }, "objects"],
  ["/v1/buckets/:bucket/objects/batch", { objects: of(1001) }, "objects"],
  ["/v1/buckets/:bucket/batches", { all: true }, "collection_id"],
  ["/v1/buckets/:bucket/batches", { all: true, collection_id: "nothing" }, "collection_id"],
  ["/v1/buckets/:bucket/batches", { all: true, collection_id: ":bucket" }, "collection_id"],
  ["/v1/buckets/:bucket/batches", { all: false, collection_id: ":collection" }, "all"],
  ["/v1/buckets/:bucket/batches", { collection_id: ":collection" }, ""],
  ["/v1/buckets/:bucket/batches", { object_ids: [], all: true, collection_id: ":collection" }, ""],
  [
    "/v1/buckets/:bucket/batches",
    { object_ids: [":object", ":batch"], collection_id: ":collection" },
    "object_ids.1",
  ],
  [
    "/v1/buckets/:bucket/batches",
    { object_ids: [":object", `obj_${"0".repeat(32)}`], collection_id: ":collection" },
    "object_ids.1",
  ],
  [
    "/v1/buckets/:bucket/batches",
    { object_ids: of(10_001), collection_id: ":collection" },
    "object_ids",
  ],
  [
    "/v1/buckets/:bucket/batches",
    { all: true, collection_id: ":collection", options: { chunk_size: 10 } },
    "options.chunk_size",
  ],
  [
    "/v1/buckets/:bucket/batches",
    { all: true, collection_id: ":collection", options: { chunk_size: 400, chunk_overlap: 201 } },
    "options.chunk_overlap",
  ],
  ...["$x", "a.b", "_bsontype"].flatMap((name): (readonly [string, object, string])[] => {
    const task = { task_type: "gpu.train", input: { a: [{ [name]: "ObjectId" }] } };
    const submission = { kind: "task", ...task };
    return [
      ["/v1/tasks", task, `input.a.0.${name}`],
      [
        "/v1/submissions",
        { submissions: [{ submission }] },
        `submissions.0.submission.input.a.0.${name}`,
      ],
      [
        "/v1/schedules",
        { name: "s", cron: "* * * * *", submission },
        `submission.input.a.0.${name}`,
      ],
      ["/v1/events", { type: "orders.paid", data: { [name]: 1 } }, `data.${name}`],
    ];
  }),
  ["/v1/tasks", { task_type: "gpu.train", input: { a: nested(51) } }, `input.a${".0".repeat(49)}`],
  ["/v1/tasks/list", { parent_task_id: "bkt_1" }, "parent_task_id"],
  ["/v1/tasks/list", { resource_id: 4 }, "resource_id"],
  ["/v1/tasks/:task/kill", { reason: "x".repeat(501) }, "reason"],
  ["/v1/collections/:collection/documents/list", { object_id: "x" }, "object_id"],
  ["/v1/collections/:collection/documents/list", { return_vectors: "yes" }, "return_vectors"],
  ["/v1/webhooks", { event_types: ["task.*"] }, "url"],
  ["/v1/webhooks", { ...hook, url: "hooks.example.com" }, "url"],
  ["/v1/webhooks", { ...hook, url: "http://hooks.example.com/in" }, "url"],
  ["/v1/webhooks", { ...hook, url: "https://user:word@hooks.example.com" }, "url"],
  ["/v1/webhooks", { ...hook, url: "https://10.0.0.1/in" }, "url"],
  ["/v1/webhooks", { ...hook, url: "https://[fd00::1]/in" }, "url"],
  ["/v1/webhooks", { ...hook, url: "https://169.254.169.254/latest/meta-data" }, "url"],
  ["/v1/webhooks", { ...hook, url: `https://hooks.example.com/${"x".repeat(2048)}` }, "url"],
  ["/v1/webhooks", { ...hook, event_types: [] }, "event_types"],
  ["/v1/webhooks", { ...hook, event_types: ["task.*", "task.done"] }, "event_types.1"],
  ["/v1/webhooks", { ...hook, headers: { "webhook-id": "1" } }, "headers.webhook-id"],
  ["/v1/webhooks", { ...hook, headers: { a: "1\r\nb: 2" } }, "headers.a"],
  ["/v1/webhooks", { ...hook, tags: "nightly" }, "tags"],
  ["/v1/webhooks", { ...hook, secret: "whsec_x" }, "secret"],
  ["/v1/webhooks", { ...hook, secret: `whsec_${btoa("x".repeat(23))}` }, "secret"],
  ["/v1/webhooks", { ...hook, signatures: ["v1a"] }, "signatures"],
  ["/v1/webhooks", { ...hook, signatures: ["v1", "v2"] }, "signatures.1"],
  ["/v1/webhooks", { ...hook, headers: { a: "********" } }, "headers.a"],
  ["/v1/webhooks/:webhook/rotate-secret", { secret: "whsec_x" }, "secret"],
  ["/v1/webhooks/:webhook/rotate-secret", { signatures: [] }, "signatures"],
  ["/v1/webhooks/:webhook/rotate-secret", { overlap_seconds: -1 }, "overlap_seconds"],
  ["/v1/webhooks/:webhook/rotate-secret", { overlap_seconds: 604_801 }, "overlap_seconds"],
  ["/v1/webhooks/:webhook/rotate-secret", { signatures: ["v1", "v1"] }, "signatures"],
  ["/v1/webhooks/:webhook/deliveries/list", { status: "DELIVERED" }, "status"],
  ["/v1/webhooks/:webhook/deliveries/list", { task_id: "x" }, "task_id"],
  ["/v1/webhooks/:webhook/deliveries/list", { webhook_id: ":webhook" }, "webhook_id"],
  ["/v1/webhooks/:webhook/test", { type: "task.done" }, "type"],
  ["/v1/webhooks/:webhook/test", { type: 7 }, "type"],
  ["/v1/webhooks/:webhook/replay", { which: "all" }, "from"],
  ["/v1/webhooks/:webhook/replay", { from: "yesterday", which: "all" }, "from"],
  ["/v1/webhooks/:webhook/replay", { from: `evt_${"0".repeat(32)}`, which: "all" }, "from"],
  ["/v1/webhooks/:webhook/replay", { from: "2026-01-01T00:00:00Z" }, "which"],
  [
    "/v1/webhooks/:webhook/replay",
    { from: "2026-01-01T00:00:00Z", until: `evt_${"0".repeat(32)}`, which: "all" },
    "until",
  ],
  [
    "/v1/webhooks/:webhook/replay",
    { from: "2026-01-01T00:00:00Z", which: "all", limit: 1001 },
    "limit",
  ],
  ["/v1/deliveries/list", { response_code: 503 }, "response_code"],
  ["/v1/deliveries/list", { response_code: ["5xx", "6xx"] }, "response_code.1"],
  ["/v1/deliveries/list", { event_type: "task.done" }, "event_type"],
  ["/v1/deliveries/list", { event_id: "x" }, "event_id"],
  ["/v1/deliveries/list", { include_attempts: "yes" }, "include_attempts"],
];

/** A path or body with the fixture's ids in it. */
function withIds(text: string): string {
  return text.replaceAll(/(?<![\w:]):(\w+)/g, (all, name: string) => own.ids[`${name}_id`] ?? all);
}

describe("a wrong field", () => {
  it.each(WRONG_FIELDS.map(([path, body, field]) => ({ path, body, field })))(
    "is named with what was expected: $path $field",
    async ({ path, body, field }) => {
      const json = withIds(JSON.stringify(body));
      const headers = { "Content-Type": "application/json" };
      expectInvalid(await own.api.raw("POST", withIds(path), json, headers), field);
    },
  );

  it("keeps everything from being made", async () => {
    expect(await everythingIn(world)).toEqual(atFirst);
  });

  it("does not keep the others from being named", async () => {
    const answer = await own.api.post("/v1/webhooks", { url: 1, event_types: [], colour: 1 });
    const problem = expectProblem(answer, 400, "invalid_request");
    expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual([
      "colour",
      "event_types",
      "url",
    ]);
  });

  it("is listed with a hundred others at most", async () => {
    const { bucket_id, collection_id } = own.ids;
    const absent = of(1000).map((id) => `obj_${id.padStart(32, "0")}`);
    for (const object_ids of [of(1000), absent]) {
      const answer = await own.api.post(`/v1/buckets/${bucket_id}/batches`, {
        object_ids,
        collection_id,
      });
      expect(expectProblem(answer, 400, "invalid_request").errors).toHaveLength(100);
    }
  });

  it("of one object in many stops that one only, and is named by its index", async () => {
    const bucket = await own.api.post("/v1/buckets", { name: "mixed" }).expect(201);
    const path = `/v1/buckets/${String(bucket.body["bucket_id"])}/objects`;
    const objects = [
      { content: { text: "good" } },
      { content: {} },
      7,
      { content: { url: "https://10.0.0.1" } },
    ];
    const { body } = await own.api.post(`${path}/batch`, { objects }).expect(200);
    expect(body["results"]).toMatchObject([
      { index: 0, object_id: expect.stringMatching(/^obj_/) },
      { index: 1, error: { code: "invalid_request", errors: [{ path: "objects.1.content" }] } },
      { index: 2, error: { code: "invalid_request", errors: [{ path: "objects.2" }] } },
      { index: 3, error: { code: "invalid_request", errors: [{ path: "objects.3.content.url" }] } },
    ]);
    expect((await own.api.post(`${path}/list`, {}).expect(200)).body["results"]).toHaveLength(1);
  });
});

describe("a query", () => {
  it("is refused for a value that its field doesn't take", async () => {
    const { task_id, collection_id, document_id } = own.ids;
    expectInvalid(await own.api.get(`/v1/tasks/${task_id}?source=redis`), "source");
    expectInvalid(await own.api.get(`/v1/tasks/${task_id}?wait=5`), "wait");
    const document = `/v1/collections/${collection_id}/documents/${document_id}`;
    expectInvalid(await own.api.get(`${document}?return_vectors=yes`), "return_vectors");
  });
});

describe("a patch", () => {
  it("that is wrong in one field changes none", async () => {
    const path = `/v1/webhooks/${own.ids["webhook_id"]}`;
    const before = (await own.api.get(path).expect(200)).body;
    for (const [patch, field] of [
      [{ description: "new", status: "ARCHIVED" }, "status"],
      [{ description: "new", url: "https://localhost.internal/x" }, "url"],
      [{ description: "new", webhook_id: "whk_1" }, "webhook_id"],
      [{ description: "x".repeat(1001) }, "description"],
    ] as const) {
      expectInvalid(await own.api.patch(path, patch), field);
    }
    expect((await own.api.get(path).expect(200)).body).toEqual(before);
  });
});

it("no request of this file was an error of the worker's own", () => {
  expect(world.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
