import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { drivenClock } from "../../local/qstash/clock.ts";
import { EventPage, LoggedEvent, PolledEvents } from "../../src/contract/logged-event.ts";
import { gate, TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { openStream, readFrames } from "../support/event-stream.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { expectInvalid, expectProblem } from "../support/problems.ts";
import { completeTask, deliveriesTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startWorld({ clock });
  await endpoint.start();
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

const SCHEMA = {
  type: "object",
  properties: {
    order_id: { type: "string" },
    lines: { type: "array", items: { type: "integer" } },
  },
  required: ["order_id"],
  additionalProperties: false,
};

/** A namespace in which `orders.paid` is registered. */
async function shop(): Promise<Api> {
  const api = await world.inNamespace();
  await api.put("/v1/event-types/orders.paid", { schema: SCHEMA }).expect(201);
  return api;
}

async function publish(api: Api, orderId: string, more: object = {}, headers = {}) {
  const body = { type: "orders.paid", data: { order_id: orderId }, ...more };
  return LoggedEvent.strict().parse((await api.post("/v1/events", body, headers).expect(202)).body);
}

async function log(api: Api, filter: object = {}) {
  return EventPage.parse((await api.post("/v1/events/list", filter).expect(200)).body);
}

async function poll(api: Api, webhookId: string, query = "", headers = {}) {
  const path = `/v1/webhooks/${webhookId}/poll${query}`;
  return PolledEvents.strict().parse((await api.get(path, headers).expect(200)).body);
}

const orderOf = (event: LoggedEvent) => event.data["order_id"];

describe("an event that the deployer publishes", () => {
  it("is in the log at once, and reaches who subscribed to its type", async () => {
    const api = await shop();
    const url = endpoint.url("/orders");
    const { webhook_id } = await subscribe(api, url, { event_types: ["orders.*"] });
    await subscribe(api, endpoint.url("/tasks"), { event_types: ["task.*"] });
    const event = await publish(api, "o_1");
    expect((await api.get(`/v1/events/${event.event_id}`).expect(200)).body).toEqual(event);
    await world.stack.qstash.idle();
    const [request, ...others] = endpoint.at("/orders");
    expect(others).toEqual([]);
    expect(request?.headers["webhook-id"]).toBe(event.event_id);
    const { type, timestamp, data } = event;
    expect(JSON.parse(request?.body ?? "")).toEqual({ type, timestamp, data });
    expect(data).toMatchObject({ order_id: "o_1", sequence: 0 });
    expect(endpoint.at("/tasks")).toEqual([]);
    expect(await deliveriesTo(api, webhook_id)).toMatchObject([{ status: "COMPLETED" }]);
    await world.runMinuteCron(60_000);
    await world.stack.qstash.idle();
    expect(endpoint.at("/orders")).toHaveLength(1);
  });

  it("may belong to a task, whose type and tags then decide as for the task's own events", async () => {
    const api = await shop();
    const taskId = await completeTask(world, api);
    const types = { event_types: ["orders.paid"] };
    await subscribe(api, endpoint.url("/of-type"), {
      ...types,
      task_types: ["api_buckets_batches_process"],
    });
    await subscribe(api, endpoint.url("/of-tag"), { ...types, tags: ["none"] });
    const event = await publish(api, "o_2", { task_id: taskId });
    expect(event).toMatchObject({ task_id: taskId, data: { task: { task_id: taskId } } });
    await world.stack.qstash.idle();
    expect(endpoint.at("/of-type")).toHaveLength(1);
    expect(endpoint.at("/of-tag")).toHaveLength(0);
    // The task's own sequence has no gap and no stranger in it.
    await world.runMinuteCron(60_000);
    const history = await api.get(`/v1/tasks/${taskId}/history`).expect(200);
    const { events } = z
      .object({ events: z.array(z.object({ type: z.string(), sequence: z.int() })) })
      .parse(history.body);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    const { results } = await log(api, { task_id: taskId, type: "orders.*" });
    expect(results).toEqual([event]);
  });

  it("is the same event for the same Idempotency-Key, whatever became of its type", async () => {
    const api = await shop();
    const headers = { "Idempotency-Key": "pay-1" };
    const twice = await Promise.all([1, 2].map(() => publish(api, "o_3", {}, headers)));
    expect(twice[0]).toEqual(twice[1]);
    const other = { type: "orders.paid", data: { order_id: "o_4" } };
    const reused = await api.post("/v1/events", other, headers);
    expectProblem(reused, 422, "idempotency_key_reused");
    await api.delete("/v1/event-types/orders.paid").expect(204);
    expect(await publish(api, "o_3", {}, headers)).toEqual(twice[0]);
    expectInvalid(await api.post("/v1/events", other), "type");
    expect((await log(api)).results).toHaveLength(1);
    const elsewhere = await shop();
    expect((await publish(elsewhere, "o_3", {}, headers)).event_id).not.toBe(twice[0]?.event_id);
  });

  it.each([
    [{ type: "orders.payed", data: {} }, "type"],
    [{ type: "task.completed", data: {} }, "type"],
    [{ type: "orders.paid", data: {} }, "data"],
    [{ type: "orders.paid", data: { order_id: 7 } }, "data.order_id"],
    [{ type: "orders.paid", data: { order_id: "x", lines: [1, "2"] } }, "data.lines.1"],
    [{ type: "orders.paid", data: { order_id: "x", more: 1 } }, "data.more"],
    [{ type: "orders.paid", data: { order_id: "x", sequence: 1 } }, "data.sequence"],
    [{ type: "orders.paid", data: { order_id: "x", a: { $set: 1 } } }, "data.a.$set"],
    [{ type: "orders.paid", data: { order_id: "x".repeat(17_000) } }, "data"],
    [{ type: "orders.paid", data: [] }, "data"],
    [{ type: "orders.paid" }, "data"],
    [{ type: "orders.paid", data: { order_id: "x" }, task_id: `tsk_${"0".repeat(32)}` }, "task_id"],
  ])("is refused as %j, by its place", async (body, path) => {
    const api = await shop();
    const answer = await api.post("/v1/events", body);
    expect(expectProblem(answer, 400, "invalid_request").errors?.map((one) => one.path)).toContain(
      path,
    );
    expect((await log(api)).results).toEqual([]);
  });

  it("reaches its endpoint by the relay when the message is lost", async () => {
    const api = await shop();
    const { webhook_id } = await subscribe(api, endpoint.url("/lost"), { event_types: ["*"] });
    const lift = world.stack.qstash.faults.add({
      phase: "before",
      match: ({ name }) => name === "publish",
      action: { kind: "refuse" },
    });
    await publish(api, "o_5");
    lift();
    await world.stack.qstash.idle();
    expect(await deliveriesTo(api, webhook_id)).toEqual([]);
    await world.runMinuteCron(60_000);
    await world.stack.qstash.idle();
    expect(await deliveriesTo(api, webhook_id)).toMatchObject([{ status: "COMPLETED" }]);
  });

  it("comes to who streams the namespace's events", async () => {
    const api = await shop();
    const first = await publish(api, "o_6");
    const abort = new AbortController();
    const headers = {
      Authorization: `Bearer ${world.stack.adminKey}`,
      "X-Namespace": String(first.data["namespace_id"]),
    };
    const url = `${world.worker.url}/v1/events/stream?type=orders.*`;
    const frames = readFrames(await openStream(url, headers, null, abort.signal));
    await frames.next();
    const begun = Date.now();
    const second = await publish(api, "o_7");
    for (;;) {
      const { value } = await frames.next();
      if (value?.kind !== "event") continue;
      expect(value.event).toBe("orders.paid");
      expect(JSON.parse(value.data)).toMatchObject({ data: { order_id: orderOf(second) } });
      break;
    }
    expect(Date.now() - begun).toBeLessThan(5000);
    abort.abort();
  });
});

describe("the log of events", () => {
  it("has every event of a namespace, whole, in one order, page by page, by filter and for who follows", async () => {
    const api = await shop();
    const taskId = await completeTask(world, api);
    for (const order of ["a", "b", "c"]) await publish(api, order);
    await world.runMinuteCron(60_000);
    const { results, pagination, end_cursor } = await log(api);
    expect(pagination.next_cursor).toBeNull();
    expect(results.map(({ type }) => type).toSorted()).toEqual([
      "collection.documents.written",
      "orders.paid",
      "orders.paid",
      "orders.paid",
      "task.completed",
      "task.created",
      "task.started",
    ]);
    const paged: LoggedEvent[] = [];
    let cursor: string | null = null;
    do {
      const page: EventPage = await log(api, { limit: 2, ...(cursor !== null && { cursor }) });
      paged.push(...page.results);
      cursor = page.pagination.next_cursor;
    } while (cursor !== null);
    expect(paged).toEqual(results);
    const ofTask = await log(api, { task_id: taskId });
    expect(ofTask.results.map(({ data }) => data["sequence"])).toEqual([1, 2, 3, 4]);
    expect((await log(api, { type: ["orders.*", "task.created"] })).results).toHaveLength(4);
    const { timestamp } = results.find((event) => orderOf(event) === "b") ?? { timestamp: "" };
    const since = await log(api, { type: "orders.paid", timestamp: { gte: timestamp } });
    expect(since.results.map(orderOf)).toEqual(["b", "c"]);
    const until = await log(api, { type: "orders.paid", timestamp: { lt: timestamp } });
    expect(until.results.map(orderOf)).toEqual(["a"]);
    await publish(api, "d");
    const after = await log(api, { cursor: end_cursor });
    expect(after.results.map(orderOf)).toEqual(["d"]);
    const stranger = await world.inNamespace();
    expectProblem(
      await stranger.post("/v1/events/list", { cursor: end_cursor }),
      400,
      "invalid_cursor",
    );
    const [first] = results;
    expectProblem(await stranger.get(`/v1/events/${first?.event_id}`), 404, "not_found");
    expectInvalid(await api.post("/v1/events/list", { type: "orders.payed" }), "type");
    expectInvalid(await api.post("/v1/events/list", { type: ["*", "orders.payed"] }), "type.1");
  });

  it("puts an event that a slow writer logged late behind all that was read", async () => {
    const api = await shop();
    const { opened, open } = gate();
    const lift = world.stack.mongo?.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "insert" && target === "events",
      action: { kind: "hold", until: opened },
    });
    const slow = publish(api, "slow");
    await expect
      .poll(async () => world.stack.mongo?.operations.all().at(-1)?.target)
      .toBe("events");
    lift?.();
    for (const order of ["a", "b"]) await publish(api, order);
    const before = await log(api);
    expect(before.results.map(orderOf)).toEqual(["a", "b"]);
    open();
    const late = await slow;
    expect(late.timestamp <= (before.results[0]?.timestamp ?? "")).toBe(true);
    const after = await log(api, { cursor: before.end_cursor });
    expect(after.results).toEqual([late]);
    expect((await log(api)).results.map(orderOf)).toEqual(["a", "b", "slow"]);
  });

  it("gives whoever reads at once the same order", async () => {
    const api = await shop();
    await Promise.all(Array.from({ length: 30 }, (_, index) => publish(api, String(index))));
    const logs = await Promise.all(Array.from({ length: 8 }, () => log(api)));
    const whole = await log(api);
    expect(new Set(whole.results.map(orderOf)).size).toBe(30);
    for (const { results } of logs) {
      expect(results).toEqual(whole.results.slice(0, results.length));
    }
  });
});

describe("a poll of an endpoint", () => {
  it("brings what it subscribed to since it was made, once over, in the log's order", async () => {
    const api = await shop();
    await publish(api, "before");
    await log(api);
    const { webhook_id } = await subscribe(api, endpoint.url("/polled"), {
      event_types: ["orders.paid", "task.completed"],
    });
    const empty = await poll(api, webhook_id);
    expect(empty).toMatchObject({ events: [], done: true });
    for (const order of ["a", "b", "c"]) await publish(api, order);
    const first = await poll(api, webhook_id, "?limit=2");
    expect(first).toMatchObject({ done: false });
    expect(first.events.map(orderOf)).toEqual(["a", "b"]);
    const rest = await poll(api, webhook_id, `?cursor=${first.next_cursor}`);
    expect(rest).toMatchObject({ done: true });
    expect(rest.events.map(orderOf)).toEqual(["c"]);
    const same = await poll(api, webhook_id, `?cursor=${empty.next_cursor}`);
    expect(same.events.map(orderOf)).toEqual(["a", "b", "c"]);
    await world.stack.qstash.idle();
    const sent = endpoint.at("/polled").map(({ headers }) => headers["webhook-id"]);
    expect(sent.toSorted()).toEqual(same.events.map(({ event_id }) => event_id).toSorted());
  });

  it("heeds its filters by task type and tag, also while it is out of service", async () => {
    const api = await shop();
    const request = { event_types: ["*"], task_types: ["api_buckets_batches_process"] };
    const { webhook_id } = await subscribe(api, endpoint.url("/paused"), request);
    await api.patch(`/v1/webhooks/${webhook_id}`, { status: "SUSPENDED" }).expect(200);
    const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
    await untilEnded(api, task_id);
    await publish(api, "no task");
    await world.runMinuteCron(60_000);
    const { events } = await poll(api, webhook_id);
    expect(events.map(({ task_id: id, data }) => [id, data["sequence"]])).toEqual(
      [1, 2, 3, 4].map((sequence) => [task_id, sequence]),
    );
  });

  it("waits for an event when there is none and it is asked to", async () => {
    const api = await shop();
    const { webhook_id } = await subscribe(api, endpoint.url("/waited"), { event_types: ["*"] });
    const begun = Date.now();
    const waiting = poll(api, webhook_id, "", { Prefer: "wait=20" });
    await expect
      .poll(() =>
        world.stack.redis.operations.all().some(({ target }) => /watch:ns_\w+$/.test(target)),
      )
      .toBe(true);
    await publish(api, "awaited");
    expect((await waiting).events.map(orderOf)).toEqual(["awaited"]);
    expect(Date.now() - begun).toBeLessThan(10_000);
    const { next_cursor: cursor } = await waiting;
    const none = await poll(api, webhook_id, `?cursor=${cursor}`, { Prefer: "wait=1" });
    expect(none).toMatchObject({ events: [], done: true });
  });

  it("refuses a cursor of another namespace and an unknown field", async () => {
    const [api, other] = [await shop(), await shop()];
    const one = await subscribe(api, endpoint.url("/x"), { event_types: ["*"] });
    const two = await subscribe(other, endpoint.url("/x"), { event_types: ["*"] });
    const { next_cursor: cursor } = await poll(other, two.webhook_id);
    const path = `/v1/webhooks/${one.webhook_id}/poll`;
    expectProblem(await api.get(`${path}?cursor=${cursor}`), 400, "invalid_cursor");
    expectProblem(await api.get(`${path}?limit=0`), 400, "invalid_request");
    expectProblem(await api.get(`${path}?after=1`), 400, "invalid_request");
    expectProblem(await api.get(`/v1/webhooks/${two.webhook_id}/poll`), 404, "not_found");
  });
});
