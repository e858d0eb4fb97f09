import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Task } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, submit, untilEnded, untilTask } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const TREE = {
  nodes: [
    { node_id: "trade", label: "Trade" },
    {
      node_id: "ships",
      parent_id: "trade",
      label: "Shipping",
      description: "ships, ports, freight, cargo, vessels at sea",
    },
    {
      node_id: "money",
      parent_id: "trade",
      label: "Money",
      examples: ["banks lend gold", "interest on debt"],
    },
    { node_id: "farm", label: "Farming", description: "wheat, harvest, soil, plough, cattle" },
  ],
  threshold: 0.1,
};

const TEXTS = [
  "The vessels left the ports with freight and cargo.",
  "Ships carry freight at sea.",
  "The banks lend gold and take interest on debt.",
  "The plough turns the soil before the wheat harvest.",
  "Zzz qqq xxx.",
];

const Labels = z.object({
  results: z.array(
    z.object({
      text: z.string(),
      enrichments: z.object({
        taxonomies: z
          .record(
            z.string(),
            z.object({
              node_id: z.string().nullable(),
              path: z.array(z.string()),
              score: z.number(),
            }),
          )
          .default({}),
      }),
    }),
  ),
});

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** A collection of these texts, one document each. */
async function collectionOf(api: Api, texts: readonly string[]) {
  const batch = await makeBatch(api, texts);
  await untilEnded(api, (await submit(api, batch)).task_id);
  return batch;
}

async function createTaxonomy(api: Api, body: object = {}): Promise<string> {
  const made = await api.post("/v1/taxonomies", { name: "topics", ...TREE, ...body }).expect(201);
  return String(made.body["taxonomy_id"]);
}

async function materialize(api: Api, id: string, collectionId: string, options: object = {}) {
  const body = { collection_id: collectionId, ...options };
  const path = `/v1/taxonomies/${id}/materialize`;
  return Task.parse((await api.post(path, body).expect(202)).body);
}

/** What a taxonomy says of each document, by the beginning of its text. */
async function labels(api: Api, collectionId: string, id: string) {
  const path = `/v1/collections/${collectionId}/documents/list`;
  const { results } = Labels.parse((await api.post(path, {}).expect(200)).body);
  return new Map(results.map((row) => [row.text, row.enrichments.taxonomies[id]]));
}

describe("a materialisation", () => {
  it("labels each document with its nearest node, the path from the root and the score", async () => {
    const api = await world.inNamespace();
    const { collectionId } = await collectionOf(api, TEXTS);
    const id = await createTaxonomy(api);
    const task = await materialize(api, id, collectionId);
    expect(task).toMatchObject({
      task_type: "api_taxonomies_materialize",
      inputs: [id, collectionId],
    });
    const ended = await untilEnded(api, task.task_id);
    expect(ended).toMatchObject({
      status: "COMPLETED",
      progress: { completed: 5, total: 5, unit: "documents" },
      outputs: [
        { collection_id: collectionId, documents_labelled: 4, documents_below_threshold: 1 },
      ],
    });
    const found = await labels(api, collectionId, id);
    expect(TEXTS.map((text) => found.get(text)?.node_id)).toEqual([
      "ships",
      "ships",
      "money",
      "farm",
      null,
    ]);
    expect(found.get(TEXTS[0] ?? "")).toMatchObject({ path: ["Trade", "Shipping"] });
    expect((await api.get("/v1/taxonomies/topics").expect(200)).body).toMatchObject({
      status: "COMPLETED",
      task_id: task.task_id,
      collection_id: collectionId,
    });
  });

  it("run again only touches documents that were written since, and is SKIPPED when there are none", async () => {
    const api = await world.inNamespace();
    const batch = await collectionOf(api, TEXTS);
    const id = await createTaxonomy(api);
    await untilEnded(api, (await materialize(api, id, batch.collectionId)).task_id);
    const idle = await untilEnded(api, (await materialize(api, id, batch.collectionId)).task_id);
    expect(idle).toMatchObject({ status: "SKIPPED" });

    const path = `/v1/buckets/${batch.bucketId}`;
    const added = await api
      .post(`${path}/objects`, { content: { text: "Cattle graze and wheat grows." } })
      .expect(201);
    const body = { object_ids: [added.body["object_id"]], collection_id: batch.collectionId };
    const more = await api.post(`${path}/batches`, body).expect(201);
    const submitted = await api.post(`${path}/batches/${String(more.body["batch_id"])}/submit`, {});
    await untilEnded(api, String(submitted.body["task_id"]));
    const second = await untilEnded(api, (await materialize(api, id, batch.collectionId)).task_id);
    expect(second).toMatchObject({
      status: "COMPLETED",
      progress: { completed: 1 },
      outputs: [{ documents_labelled: 1 }],
    });
  });

  it("while one is under way is the same task, and on another collection is refused", async () => {
    const api = await world.inNamespace();
    const { collectionId } = await collectionOf(api, TEXTS);
    const other = await collectionOf(api, ["x"]);
    const id = await createTaxonomy(api);
    const first = await materialize(api, id, collectionId, { delay: 3600 });
    expect((await materialize(api, id, collectionId)).task_id).toBe(first.task_id);
    const refused = await api.post(`/v1/taxonomies/${id}/materialize`, {
      collection_id: other.collectionId,
    });
    expect(refused.body).toMatchObject({ status: 409, code: "resource_in_use" });
    expect((await api.delete(`/v1/taxonomies/${id}`)).status).toBe(409);
    await api.post(`/v1/tasks/${first.task_id}/kill`).expect(202);
    await api.delete(`/v1/taxonomies/${id}`).expect(204);
    expect((await api.get(`/v1/taxonomies/${id}`)).status).toBe(404);
  });

  it("killed half-way keeps the labels that it put, and the next one goes on with the rest", async () => {
    const api = await world.inNamespace();
    const texts = Array.from(
      { length: 600 },
      (_, index) => `Ship ${index} carries freight at sea.`,
    );
    const { collectionId } = await collectionOf(api, texts);
    const id = await createTaxonomy(api);
    // Each write of labels takes long enough for a kill to come in between.
    const lift = world.mongo.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "update" && target === "documents",
      action: { kind: "delay", ms: 1100 },
    });
    const task = await materialize(api, id, collectionId);
    await untilTask(api, task.task_id, ({ progress }) => (progress?.completed ?? 0) > 0);
    await api.post(`/v1/tasks/${task.task_id}/kill`).expect(202);
    const killed = await untilEnded(api, task.task_id);
    lift();
    expect(killed.status).toBe("CANCELED");
    const done = killed.progress?.completed ?? 0;
    expect(done).toBeLessThan(600);
    const rest = await untilEnded(api, (await materialize(api, id, collectionId)).task_id);
    expect(rest).toMatchObject({ status: "COMPLETED", progress: { completed: 600 - done } });
  });

  it("retried while another one is to come waits for it, and begins when that ends", async () => {
    const api = await world.inNamespace();
    const { collectionId } = await collectionOf(api, TEXTS);
    const id = await createTaxonomy(api);
    const kill = (taskId: string) => api.post(`/v1/tasks/${taskId}/kill`).expect(202);
    const first = await materialize(api, id, collectionId, { delay: 3600 });
    await kill(first.task_id);
    const second = await materialize(api, id, collectionId, { delay: 3600 });
    const retried = await api.post(`/v1/tasks/${first.task_id}/retry`).expect(202);
    await world.stack.qstash.idle();
    const path = `/v1/tasks/${String(retried.body["task_id"])}`;
    expect((await api.get(path).expect(200)).body).toMatchObject({ status: "PENDING" });
    await kill(second.task_id);
    expect(await untilEnded(api, String(retried.body["task_id"]))).toMatchObject({
      status: "COMPLETED",
      retry_of: first.task_id,
    });
    expect((await labels(api, collectionId, id)).get(TEXTS[0] ?? "")?.node_id).toBe("ships");
  });

  it("of a collection that is gone when it begins is FAILED", async () => {
    const api = await world.inNamespace();
    const { collectionId } = await collectionOf(api, ["x"]);
    const id = await createTaxonomy(api);
    const killed = await materialize(api, id, collectionId, { delay: 3600 });
    await api.post(`/v1/tasks/${killed.task_id}/kill`).expect(202);
    await api.delete(`/v1/collections/${collectionId}`).expect(204);
    const again = await api.post(`/v1/tasks/${killed.task_id}/retry`).expect(202);
    expect(await untilEnded(api, String(again.body["task_id"]))).toMatchObject({
      status: "FAILED",
      last_error: { code: "collection_not_found" },
    });
  });
});

describe("a taxonomy", () => {
  it.each([
    ["an unknown parent", [{ node_id: "a", parent_id: "b", label: "A" }], "nodes.0.parent_id"],
    [
      "a node id that stands twice",
      [
        { node_id: "a", label: "A" },
        { node_id: "a", label: "B" },
      ],
      "nodes.1.node_id",
    ],
    [
      "a cycle",
      [
        { node_id: "a", parent_id: "b", label: "A" },
        { node_id: "b", parent_id: "a", label: "B" },
      ],
      "nodes.0.parent_id",
    ],
    [
      "a node that is its own parent",
      [{ node_id: "a", parent_id: "a", label: "A" }],
      "nodes.0.parent_id",
    ],
    ["no node", [], "nodes"],
    ["a node without a label", [{ node_id: "a" }], "nodes.0.label"],
  ])("with %s is refused", async (_, nodes, path) => {
    const api = await world.inNamespace();
    const answer = await api.post("/v1/taxonomies", { name: "t", nodes });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body["errors"])).toContain(`"${path}"`);
  });

  it("has a name of its own, and is listed", async () => {
    const api = await world.inNamespace();
    await createTaxonomy(api, { metadata: { team: "eng" } });
    const taken = await api.post("/v1/taxonomies", { name: "topics", ...TREE });
    expect(taken.body).toMatchObject({ status: 409, code: "name_taken" });
    const list = await api.post("/v1/taxonomies/list", { metadata: { team: "eng" } }).expect(200);
    expect(list.body).toMatchObject({ results: [{ name: "topics", status: "DRAFT" }] });
  });

  it("is materialised on a collection that exists, with options that exist", async () => {
    const api = await world.inNamespace();
    const id = await createTaxonomy(api);
    for (const [body, path] of [
      [{ collection_id: "nowhere" }, "collection_id"],
      [{}, "collection_id"],
      [{ collection_id: "c", singleton: { key: "k" } }, "singleton"],
    ] as const) {
      const answer = await api.post(`/v1/taxonomies/${id}/materialize`, body);
      expect(answer.body).toMatchObject({ status: 400, errors: [{ path }] });
    }
  });
});
