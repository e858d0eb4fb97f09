import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { drivenClock } from "../../local/qstash/clock.ts";
import { BUILT_IN_EVENT_TYPES, EVENT_CATALOGUE } from "../../src/contract/event.ts";
import { EventType } from "../../src/contract/event-type.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { payloadFaults, watchEvents } from "../support/event-schemas.ts";
import { type Executor, startExecutor } from "../support/executor.ts";
import {
  holdJobs,
  makeBatch,
  sentence,
  submit,
  untilEnded,
  untilTask,
} from "../support/fixtures.ts";
import { expectInvalid, expectProblem } from "../support/problems.ts";
import { subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

const clock = drivenClock(Date.now());
let world: World;
let executor: Executor;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  [world, executor] = await Promise.all([startWorld({ clock }), startExecutor()]);
  await endpoint.start();
});
afterAll(async () => {
  await Promise.all([endpoint.close(), executor.close()]);
  await world.close();
});

const Page = z.object({
  results: z.array(EventType.strict()),
  pagination: z.object({ next_cursor: z.string().nullable() }),
});

async function list(api: Api, filter: object = {}) {
  return Page.parse((await api.post("/v1/event-types/list", filter).expect(200)).body);
}

describe("the catalogue", () => {
  it("has a meaning, a schema and an example of each of Waybill's own events, and the example is valid", async () => {
    const api = await world.inNamespace();
    const { results } = await list(api);
    expect(results.map(({ type }) => type)).toEqual(BUILT_IN_EVENT_TYPES.toSorted());
    for (const one of results) {
      expect(one).toMatchObject({ origin: "built_in", version: 1, status: "ACTIVE" });
      expect(one.description).toMatch(/\.$/);
      expect(payloadFaults(one.example)).toEqual([]);
      expect((await api.get(`/v1/event-types/${one.type}`).expect(200)).body).toEqual(one);
    }
    expect((await api.get("/v1/event-types").expect(200)).body["results"]).toEqual(results);
  });

  it("is read in pages of one order, Waybill's own and the namespace's", async () => {
    const api = await world.inNamespace();
    const own = ["alpha.one", "orders.paid", "zeta.last"];
    const schema = { type: "object" };
    for (const type of own) await api.put(`/v1/event-types/${type}`, { schema }).expect(201);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: z.infer<typeof Page> = await list(api, { limit: 4, ...(cursor && { cursor }) });
      seen.push(...page.results.map(({ type }) => type));
      cursor = page.pagination.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual([...own, ...BUILT_IN_EVENT_TYPES].toSorted());
    const registered = await list(api, {
      origin: "registered",
      type: ["zeta.last", "task.failed"],
    });
    expect(registered.results.map(({ type }) => type)).toEqual(["zeta.last"]);
  });

  it("says in /openapi.json what endpoints get", async () => {
    const { body } = await world.api.get("/openapi.json").expect(200);
    const { webhooks } = z.object({ webhooks: z.record(z.string(), z.unknown()) }).parse(body);
    expect(Object.keys(webhooks)).toEqual(EVENT_CATALOGUE.map(({ type }) => type));
  });
});

describe("each event that Waybill sends", () => {
  it("is caused by something real, and is as its schema says", async () => {
    const api = await world.inNamespace("eventful");
    endpoint.byPath({ "/gone": 410 });
    await subscribe(api, endpoint.url("/all"), { event_types: ["*"] });
    await subscribe(api, endpoint.url("/gone"), { event_types: ["task.created"] });
    const watch = watchEvents(world.stack, world.database);

    const batch = await makeBatch(api, [1, 2, 3, 4].map(sentence));
    await untilEnded(api, (await submit(api, batch)).task_id);
    await untilEnded(api, (await submit(api, await makeBatch(api, []))).task_id);
    const release = holdJobs(world);
    const killed = await submit(api, await makeBatch(api, [sentence(5)]));
    await api.post(`/v1/tasks/${killed.task_id}/kill`, { reason: "a test" }).expect(202);
    release();

    const train = { executor_url: executor.url };
    const type = await api.put("/v1/task-types/gpu.train", train).expect(201);
    executor.secret = String(type.body["secret"]);
    const made = await api.post("/v1/tasks", { task_type: "gpu.train", input: {} }).expect(202);
    const id = String(made.body["task_id"]);
    await untilTask(api, id, () => executor.jobs.length > 0);
    const report = async (body: object) => {
      const { token, report_url: url } = executor.jobs[0] ?? { token: "", report_url: "" };
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      await api.raw("PATCH", new URL(url).pathname, JSON.stringify(body), headers).expect(200);
    };
    await report({ progress: { completed: 1, total: 2, unit: "epochs" } });
    await report({
      status: "FAILED",
      error: { code: "oom", message: "no memory", retryable: false },
    });

    const nodes = [{ node_id: "a", label: "Bills of lading" }];
    const taxonomy = { name: "topics", nodes, threshold: 0 };
    await api.post("/v1/taxonomies", taxonomy).expect(201);
    const collection = { collection_id: batch.collectionId };
    const labels = await api.post("/v1/taxonomies/topics/materialize", collection).expect(202);
    await untilEnded(api, String(labels.body["task_id"]));
    const cluster = { name: "c", collection_ids: [batch.collectionId], k: 2 };
    await api.post("/v1/clusters", cluster).expect(201);
    const run = await api.post("/v1/clusters/c/execute").expect(202);
    await untilEnded(api, String(run.body["task_id"]));
    const migrations = "/v1/namespaces/eventful/migrations";
    await world.api.post(migrations, { target_name: "eventful-copy" }).expect(201);
    const copy = await world.api.post(`${migrations}/eventful-copy/start`).expect(202);
    await untilEnded(api, String(copy.body["task_id"]));
    await world.runMinuteCron(60_000);
    await world.stack.qstash.idle();
    await world.runMinuteCron(120_000);
    await world.stack.qstash.idle();

    expect([...(await watch.check())].toSorted()).toEqual(BUILT_IN_EVENT_TYPES.toSorted());
    const received = endpoint.at("/all").map(({ body }): unknown => JSON.parse(body));
    expect(received.length).toBeGreaterThan(20);
    expect(received.flatMap(payloadFaults)).toEqual([]);
  });
});

describe("a type of the deployer's own", () => {
  it("can be subscribed to by its name and by a pattern, once it is registered", async () => {
    const api = await world.inNamespace();
    const hook = { url: endpoint.url("/own"), event_types: ["task.failed", "orders.*"] };
    expectInvalid(await api.post("/v1/webhooks", hook), "event_types.1");
    await api.put("/v1/event-types/orders.paid", { schema: { type: "object" } }).expect(201);
    const made = await api.post("/v1/webhooks", hook).expect(201);
    const path = `/v1/webhooks/${String(made.body["webhook_id"])}`;
    await api.patch(path, { event_types: ["orders.paid"] }).expect(200);
    const misspelt = await api.patch(path, { event_types: ["orders.payed"] });
    expect(expectInvalid(misspelt, "event_types.0").detail).toContain("PUT /v1/event-types");
    await api.delete("/v1/event-types/orders.paid").expect(204);
    expectInvalid(await api.post("/v1/webhooks", hook), "event_types.1");
  });

  it("may not have a name of Waybill's own, nor one without a form", async () => {
    const api = await world.inNamespace();
    for (const name of ["task.mine", "webhook.x", "waybill.x", "orders", "Orders.paid", "a..b"]) {
      const answer = await api.put(`/v1/event-types/${name}`, { schema: { type: "object" } });
      expectInvalid(answer, "event_type");
    }
    for (const name of BUILT_IN_EVENT_TYPES) {
      expectProblem(await api.delete(`/v1/event-types/${name}`), 404, "not_found");
    }
  });
});
