import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { openStream, readFrames } from "../support/event-stream.ts";
import { log, orderOf, publish, shop } from "../support/events.ts";
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

describe("an event that the deployer publishes", () => {
  it("is in the log at once, and reaches who subscribed to its type", async () => {
    const api = await shop(world);
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
    const api = await shop(world);
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
    const api = await shop(world);
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
    const elsewhere = await shop(world);
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
    const api = await shop(world);
    const answer = await api.post("/v1/events", body);
    expect(expectProblem(answer, 400, "invalid_request").errors?.map((one) => one.path)).toContain(
      path,
    );
    expect((await log(api)).results).toEqual([]);
  });

  it("reaches its endpoint by the relay when the message is lost", async () => {
    const api = await shop(world);
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
    const api = await shop(world);
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
