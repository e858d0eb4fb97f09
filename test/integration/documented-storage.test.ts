import { createServer, type Server } from "node:http";
import getPort from "get-port";
import { Binary, MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { INDEXES } from "../support/registry.ts";
import { INTERNAL_PATHS } from "../../src/ports/queue.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { readPage, section, tableRows } from "../support/page.ts";
import { fillHistory, reportTooLate } from "../support/bounded-task.ts";
import { startWorld, type World } from "../support/world.ts";

type Rows = ReadonlyMap<string, readonly string[]>;

const clock = drivenClock(Date.now());

let page: string;
let world: World;
let mongo: MongoClient;
/** Answers 200 on `/ok` and 410 on `/gone`. */
let receiver: Server;
/** Paths that documents of each collection, or messages to each path, really have. */
const seen = new Map<string, Set<string>>();

beforeAll(async () => {
  page = await readPage("docs/storage.md");
  world = await startWorld({ clock });
  mongo = await MongoClient.connect(world.stack.vars["MONGODB_URI"] ?? "");
  receiver = createServer((request, response) => {
    response.writeHead(request.url === "/gone" ? 410 : 200).end("heard");
  });
  await runEverything();
}, 60_000);

afterAll(async () => {
  await mongo.close();
  await world.close();
  receiver.close();
});

/** A run that puts every kind of document and message where it can be seen. */
async function runEverything(): Promise<void> {
  world.stack.qstash.misbehaviours.add({
    kind: "duplicate",
    deliveries: 2,
    match: ({ target }, body) => {
      note(pathOf(target), JSON.parse(body.toString("utf8")), messageRows(pathOf(target)));
      return false;
    },
  });
  const api = await world.inNamespace("stored");
  const eventType = "/v1/event-types/orders.paid";
  await api.put(eventType, { schema: { type: "object" } }).expect(201);
  await api.put(eventType, { schema: { type: "object", required: ["order_id"] } }).expect(200);
  await api.post("/v1/events", { type: "orders.paid", data: { order_id: "o_1" } }).expect(202);
  await api.post("/v1/events/list").expect(200);
  await api.post("/v1/keys", { name: "k", namespaces: ["stored"] }).expect(201);
  const port = await getPort({ host: "127.0.0.1" });
  await new Promise<void>((resolve) => receiver.listen(port, "127.0.0.1", resolve));
  for (const path of ["ok", "gone"]) {
    const url = `http://127.0.0.1:${port}/${path}`;
    const rate_limit = { max: 100, period_seconds: 1 };
    const signed = { signatures: ["v1", "v1a"], headers: { "x-a": "1" }, rate_limit };
    await api.post("/v1/webhooks", { url, event_types: ["*"], ...signed }).expect(201);
  }
  const { bucketId, ...batch } = await makeBatch(api, [sentence(1), sentence(2)]);
  const objects = `/v1/buckets/${bucketId}/objects`;
  const json = { content: { json: { line: sentence(3) } }, metadata: { year: 1863 } };
  await api.post(objects, json).expect(201);
  await api.post(objects, { content: { url: "https://example.com/a" } }).expect(201);
  // The task's own dispatch goes; that of the endpoint that answers 410 stays in its outbox.
  const liftDispatch = world.stack.qstash.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "publish" && target.endsWith(INTERNAL_PATHS.dispatch),
    skip: 1,
    action: { kind: "refuse" },
  });
  const { task_id } = await submit(api, { bucketId, ...batch });
  await untilEnded(api, task_id);
  await world.stack.qstash.idle();
  await lookIntoMongo();
  liftDispatch();

  // With the queue down everything stays where it was written, outboxes too.
  const lift = world.stack.qstash.faults.add({
    phase: "before",
    match: ({ name }) => name === "publish" || name === "batch-item",
    action: { kind: "refuse" },
  });
  const killed = await submit(api, await makeBatch(api, [sentence(4)]));
  await api.post(`/v1/tasks/${killed.task_id}/kill`, { reason: "a test" }).expect(202);
  await reportTooLate(api, world.stack.vars["SEALING_KEY"], killed.task_id);
  await lookIntoMongo();
  lift();

  await api.put("/v1/task-types/gpu.train", {
    executor_url: `http://127.0.0.1:${port}/ok`,
    concurrency: { key: "one", limit: 1 },
  });
  const task = { task_type: "gpu.train", input: {}, queue_ttl: 60 };
  await api.post("/v1/tasks", { ...task, metadata: { year: 1863 } }).expect(202);
  await api.put("/v1/task-types/gpu.one", { executor_url: `http://127.0.0.1:${port}/ok` });
  for (let count = 0; count < 2; count += 1) {
    const singleton = { key: "one-by-one", when_busy: "queue" };
    await api.post("/v1/tasks", { task_type: "gpu.one", input: {}, singleton }).expect(202);
  }
  const delayed = { task_type: "gpu.one", input: {}, delay: 30 };
  const { body: waiting } = await api.post("/v1/tasks", delayed).expect(202);
  await fillHistory(mongo.db(world.database), String(waiting["task_id"]));
  const submission = { kind: "batch", bucket_id: bucketId, batch_id: batch.batchId };
  await api.post("/v1/schedules", { name: "s", cron: "* * * * *", submission }).expect(201);
  const nodes = [{ node_id: "a", label: "A", description: "b", examples: ["c"] }];
  await api.post("/v1/taxonomies", { name: "topics", nodes }).expect(201);
  await runCluster(api);
  const migrations = "/v1/namespaces/stored/migrations";
  await api.post(migrations, { target_name: "copied" }).expect(201);
  await api.post(`${migrations}/copied/start`, {}).expect(202);
  await clock.advanceBy(61_000);
  const failing = await makeBatch(api, [""]);
  await untilEnded(api, (await submit(api, failing)).task_id);
  await lookIntoMongo();
  await runCrowded(port);
}

/** More endpoints than one step of a fan-out serves: the messages of the second steps are held. */
async function runCrowded(port: number): Promise<void> {
  const api = await world.inNamespace("crowded");
  const request = { url: `http://127.0.0.1:${port}/gone`, event_types: ["*"] };
  const made = await api.post("/v1/webhooks", request).expect(201);
  const webhooks = mongo.db(world.database).collection<{ _id: string }>("webhooks");
  const endpoint = await webhooks.findOne({ _id: String(made.body["webhook_id"]) });
  if (endpoint === null) throw new Error("the endpoint was not stored");
  // Made after the events, they are looked at and get none; by their ids they come behind the first one.
  const deaf = { ...endpoint, created_at: new Date("2100-01-01") };
  await webhooks.insertMany(
    Array.from({ length: 1100 }, (_, index) => {
      const _id = `whk_${(0xf000_0000 + index).toString(16)}${endpoint._id.slice(-24)}`;
      return { ...deaf, _id, idempotency_slot: _id };
    }),
  );
  world.stack.qstash.misbehaviours.add({
    kind: "reorder",
    after: Infinity,
    match: ({ target }, body) => {
      if (!body.includes('"fan_out"')) return false;
      note(pathOf(target), JSON.parse(body.toString("utf8")), messageRows(pathOf(target)));
      return true;
    },
  });
  await untilEnded(api, (await submit(api, await makeBatch(api, [sentence(1)]))).task_id);
  await api.put("/v1/event-types/orders.paid", { schema: { type: "object" } }).expect(201);
  await api.post("/v1/events", { type: "orders.paid", data: {} }).expect(202);
  await world.stack.qstash.idle();
  await world.runMinuteCron(30_000);
  await lookIntoMongo();
}

/** Executes a cluster, and looks at its run when nothing of it was done but the last write. */
async function runCluster(api: Api): Promise<void> {
  const texts = Array.from({ length: 9 }, (_, index) => sentence(index));
  const { collectionId, ...batch } = await makeBatch(api, texts);
  await untilEnded(api, (await submit(api, { collectionId, ...batch })).task_id);
  const request = { name: "subjects", collection_ids: [collectionId], k: "auto" };
  const { body } = await api.post("/v1/clusters", request).expect(201);
  const execute = `/v1/clusters/${String(body["cluster_id"])}/execute`;
  const task = await api.post(execute).expect(202);
  await untilEnded(api, String(task.body["task_id"]));
  // The start of a run deletes what is older, its end deletes its parts.
  let deletions = 0;
  const isReached = new Promise<void>((resolve) => {
    world.mongo.faults.add({
      phase: "before",
      match: ({ name, target, isWrite }) => {
        if (name === "delete" && target === "cluster_models") deletions += 1;
        if (deletions > 1) resolve();
        return deletions > 1 && isWrite && target === "cluster_models";
      },
      action: { kind: "refuse" },
    });
  });
  const again = await api.post(execute).expect(202);
  await isReached;
  await lookIntoMongo();
  // While its writes are refused it can't end, however long the look took.
  await api.post(`/v1/tasks/${String(again.body["task_id"])}/kill`).expect(202);
  world.stack.mongo?.faults.clear();
}

async function lookIntoMongo(): Promise<void> {
  for (const { name } of await mongo.db(world.database).listCollections().toArray()) {
    const rows = tableRows(section(page, `### \`${name}\``));
    for (const document of await mongo.db(world.database).collection(name).find().toArray()) {
      note(name, document, rows);
    }
  }
}

function pathOf(target: string): string {
  return target.replace(world.worker.url, "");
}

function messageRows(path: string): Rows {
  return tableRows(section(page, `### \`${path}\``));
}

/** Adds the paths of a value; what the page calls free is not looked into. */
function note(where: string, value: unknown, rows: Rows): void {
  const paths = seen.get(where) ?? new Set<string>();
  seen.set(where, paths);
  const walk = (node: unknown, prefix: string): void => {
    if (Array.isArray(node)) {
      const isOfObjects = rows.get(prefix)?.[0]?.startsWith("array of object") ?? false;
      for (const item of node) if (isOfObjects || isPlain(item)) walk(item, `${prefix}[]`);
      return;
    }
    if (!isPlain(node)) return;
    if (rows.get(prefix)?.[0]?.startsWith("object (free)")) {
      if (prefix.endsWith("[]")) paths.add(prefix);
      return;
    }
    for (const [key, child] of Object.entries(node)) {
      const path = prefix === "" ? key : `${prefix}.${key}`;
      paths.add(path);
      walk(child, path);
    }
  };
  walk(value, "");
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Binary)
  );
}

/** The collections that the page describes. */
function documentedCollections(): string[] {
  return [...section(page, "## MongoDB").matchAll(/^### `(\w+)`$/gm)].map(([, name = ""]) => name);
}

describe("docs/storage.md", () => {
  it("has every collection that a run makes, and no other", () => {
    const stored = [...seen.keys()].filter((name) => !name.startsWith("/"));
    expect(documentedCollections().toSorted()).toEqual(stored.toSorted());
    const indexed = new Set(INDEXES.map((index) => index.collection));
    expect(documentedCollections().toSorted()).toEqual([...indexed].toSorted());
  });

  it.each([...new Set(INDEXES.map((index) => index.collection))])(
    "has exactly the fields and indexes of %s",
    (name) => {
      const indexes = INDEXES.filter((index) => index.collection === name).map((one) => one.name);
      const [fields = "", indexTable = ""] = section(page, `### \`${name}\``).split("| index |");
      expect([...tableRows(indexTable).keys()].toSorted()).toEqual(indexes.toSorted());
      expect([...tableRows(fields).keys()].toSorted()).toEqual(
        [...(seen.get(name) ?? [])].toSorted(),
      );
    },
  );

  it.each(Object.values(INTERNAL_PATHS))("has exactly the fields of the messages to %s", (path) => {
    expect([...messageRows(path).keys()].toSorted()).toEqual(
      [...(seen.get(path) ?? [])].toSorted(),
    );
  });

  it("has every destination of a message", () => {
    const destinations = new Set(
      world.stack.qstash.operations
        .all()
        .filter(({ name }) => name === "deliver")
        .map(({ target }) => pathOf(target)),
    );
    const documented = [...section(page, "## QStash").matchAll(/^### `(.*)`$/gm)];
    expect(new Set(documented.map(([, path]) => path))).toEqual(destinations);
  });

  it("has every Redis key", () => {
    const patterns = new Set(
      world.stack.redis.operations
        .all()
        .map(({ target }) =>
          target
            .replaceAll(/ns_[0-9a-f]{32}/g, "{namespace_id}")
            .replaceAll(/tsk_[0-9a-f]{32}/g, "{task_id}"),
        ),
    );
    // No task is waited for in this run; `waiting.test.ts` counts the commands of who does.
    const documented = [...tableRows(section(page, "## Redis")).keys()].filter(
      (key) => key !== "waybill:watch:{namespace_id}:{task_id}",
    );
    expect(documented.toSorted()).toEqual([...patterns].toSorted());
  });
});
