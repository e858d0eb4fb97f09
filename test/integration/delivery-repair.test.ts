import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { Delivery, RetryDeliveriesOutcome } from "../../src/contract/delivery.ts";
import { ReplayOutcome } from "../../src/contract/replay.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { expectProblem } from "../support/problems.ts";
import { completeTask, deliveriesTo, deliveryTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

const DAYS_MS = 48 * 3_600_000;

// On a busy machine an attempt may take long; time must not go on without it.
const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startWorld({ clock });
  await endpoint.start();
});
beforeEach(() => {
  endpoint.received.length = 0;
  endpoint.always(200);
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

const retry = async (api: Api, body: object) =>
  RetryDeliveriesOutcome.parse((await api.post("/v1/deliveries/retry", body).expect(200)).body);

describe("POST /v1/deliveries/{delivery_id}/resend", () => {
  it("sends a delivery that arrived once more, with the same webhook-id and a signature of its own", async () => {
    const api = await world.inNamespace();
    const { webhook_id, secret } = await subscribe(api, endpoint.url("/again"));
    await completeTask(world, api);
    const { delivery_id } = await deliveryTo(api, webhook_id);
    const answer = await api.post(`/v1/deliveries/${delivery_id}/resend`).expect(202);
    expect(answer.headers.get("Location")).toBe(`/v1/deliveries/${delivery_id}`);
    expect(Delivery.parse(answer.body)).toMatchObject({ delivery_id, status: "PENDING" });
    await world.stack.qstash.idle();
    const requests = endpoint.at("/again");
    expect(requests).toHaveLength(2);
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    for (const { body, headers } of requests) {
      const given = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      new Verifier(secret).verify(body, Object.fromEntries(given));
    }
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "COMPLETED",
      attempts: [{ attempt: 1 }, { attempt: 2, response_status: 200 }],
    });
  });

  it("with one Idempotency-Key sends once, however often it comes", async () => {
    const api = await world.inNamespace();
    const { webhook_id } = await subscribe(api, endpoint.url("/once"));
    await completeTask(world, api);
    const { delivery_id } = await deliveryTo(api, webhook_id);
    const key = { "Idempotency-Key": "tuesday" };
    for (let call = 0; call < 3; call += 1) {
      await api.post(`/v1/deliveries/${delivery_id}/resend`, undefined, key).expect(202);
      await world.stack.qstash.idle();
    }
    expect(endpoint.at("/once")).toHaveLength(2);
  });

  it("to an endpoint that was paused or removed is refused, and says what to do", async () => {
    const api = await world.inNamespace();
    const { webhook_id } = await subscribe(api, endpoint.url("/paused"));
    await completeTask(world, api);
    const { delivery_id } = await deliveryTo(api, webhook_id);
    const path = `/v1/deliveries/${delivery_id}/resend`;
    await api.patch(`/v1/webhooks/${webhook_id}`, { status: "SUSPENDED" }).expect(200);
    const paused = expectProblem(await api.post(path), 409, "webhook_not_active");
    expect(paused.detail).toContain("Resume it");
    await api.delete(`/v1/webhooks/${webhook_id}`).expect(204);
    expectProblem(await api.post(path), 409, "webhook_not_active");
    expect(await deliveryTo(api, webhook_id)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("POST /v1/deliveries/retry", () => {
  it("has all dead letters of an endpoint that was down arrive once it is up, with all attempts logged", async () => {
    const api = await world.inNamespace();
    endpoint.always(503);
    const { webhook_id } = await subscribe(api, endpoint.url("/down"));
    const tasks: string[] = [];
    for (const _ of [1, 2]) {
      tasks.push(await completeTask(world, api));
      await clock.advanceBy(DAYS_MS);
      // Ten failures in a row would open its circuit: its owner resumes it in between.
      await api.post(`/v1/webhooks/${webhook_id}/resume`).expect(200);
    }
    const filter = { webhook_id, response_code: "5xx" };
    const planned = await retry(api, { ...filter, dry_run: true });
    expect(planned.results).toMatchObject([
      { webhook_id, status: "FAILED", accepted: true, code: null },
      { webhook_id, status: "FAILED", accepted: true, code: null },
    ]);
    expect(endpoint.at("/down")).toHaveLength(16);
    endpoint.always(200);
    const one = await retry(api, { ...filter, limit: 1 });
    const cursor = one.pagination.next_cursor;
    const two = await retry(api, { ...filter, limit: 1, cursor });
    expect([...one.results, ...two.results].map(({ status }) => status)).toEqual([
      "PENDING",
      "PENDING",
    ]);
    await world.stack.qstash.idle();
    const deliveries = await deliveriesTo(api, webhook_id);
    expect(deliveries.map(({ task_id }) => task_id)).toEqual(tasks);
    for (const delivery of deliveries) {
      expect(delivery).toMatchObject({ status: "COMPLETED", attempt_count: 9 });
      expect(delivery.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect((await retry(api, filter)).results).toEqual([]);
  });

  it("meets only what its filters meet, and asks for one", async () => {
    const api = await world.inNamespace();
    endpoint.always(410);
    const { webhook_id } = await subscribe(api, endpoint.url("/gone"));
    const task_id = await completeTask(world, api);
    for (const filter of [
      { response_code: "5xx" },
      { event_type: "collection.*" },
      { task_id: `tsk_${"0".repeat(32)}` },
      { created_at: { lt: "2020-01-01T00:00:00Z" } },
    ]) {
      expect((await retry(api, filter)).results).toEqual([]);
    }
    expect((await retry(api, { task_id, response_code: "410" })).results).toMatchObject([
      { webhook_id, status: "FAILED", accepted: false, code: "webhook_not_active" },
    ]);
    expectProblem(await api.post("/v1/deliveries/retry", { limit: 1 }), 400, "invalid_request");
    expectProblem(
      await api.post("/v1/deliveries/retry", { task_id, cursor: "x" }),
      400,
      "invalid_cursor",
    );
  });
});

const replay = async (api: Api, webhookId: string, body: object, key = "") => {
  const headers: Record<string, string> = key === "" ? {} : { "Idempotency-Key": key };
  const path = `/v1/webhooks/${webhookId}/replay`;
  const answer = await api.post(path, body, headers).expect(200);
  await world.stack.qstash.idle();
  return ReplayOutcome.parse(answer.body);
};

describe("POST /v1/webhooks/{webhook_id}/replay", () => {
  const from = "2026-01-01T00:00:00.000Z";

  it("brings what happened before the endpoint was made, each event once", async () => {
    const api = await world.inNamespace();
    const early = await completeTask(world, api);
    await world.runMinuteCron(60_000);
    const missed = await completeTask(world, api);
    await world.runMinuteCron(60_000);
    const { webhook_id } = await subscribe(api, endpoint.url("/replayed"));
    await api.patch(`/v1/webhooks/${webhook_id}`, { status: "SUSPENDED" }).expect(200);
    expectProblem(
      await api.post(`/v1/webhooks/${webhook_id}/replay`, { from, which: "missing" }),
      409,
      "webhook_not_active",
    );
    const dry = await replay(api, webhook_id, { from, which: "missing", dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, events: 8, created: 2, reopened: 0, left: 0 });
    await api.patch(`/v1/webhooks/${webhook_id}`, { status: "ACTIVE" }).expect(200);
    expect(endpoint.at("/replayed")).toEqual([]);

    let cursor: string | null = null;
    do {
      const page: ReplayOutcome = await replay(api, webhook_id, {
        from,
        which: "missing",
        limit: 3,
        ...(cursor !== null && { cursor }),
      });
      cursor = page.pagination.next_cursor;
    } while (cursor !== null);
    const deliveries = await deliveriesTo(api, webhook_id);
    expect(new Map(deliveries.map(({ task_id, status }) => [task_id, status]))).toEqual(
      new Map([
        [early, "COMPLETED"],
        [missed, "COMPLETED"],
      ]),
    );
    expect(endpoint.at("/replayed")).toHaveLength(2);

    const { event_id } = deliveries.find(({ task_id }) => task_id === missed) ?? {};
    const all = { from: event_id, until: event_id, which: "all" };
    for (const _ of [1, 2]) await replay(api, webhook_id, all, "once");
    expect(endpoint.at("/replayed")).toHaveLength(3);
  });

  it("of what failed brings the dead letters", async () => {
    const api = await world.inNamespace();
    endpoint.always(410);
    const { webhook_id } = await subscribe(api, endpoint.url("/failed"));
    await completeTask(world, api);
    endpoint.always(200);
    await api.patch(`/v1/webhooks/${webhook_id}`, { status: "ACTIVE" }).expect(200);
    expect(await replay(api, webhook_id, { from, which: "failed" })).toMatchObject({ reopened: 1 });
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "COMPLETED",
      error_message: null,
      attempts: [{ response_status: 410 }, { response_status: 200 }],
    });
  });
});

describe("POST /v1/webhooks/{webhook_id}/test", () => {
  it("sends a signed example to that endpoint, whose answer stands in the log", async () => {
    const api = await world.inNamespace();
    const { webhook_id, secret } = await subscribe(api, endpoint.url("/tested"));
    await subscribe(api, endpoint.url("/other"), { event_types: ["*"] });
    const path = `/v1/webhooks/${webhook_id}/test`;
    const answer = await api.post(path).expect(202);
    const sent = Delivery.parse(answer.body);
    expect(sent).toMatchObject({ status: "PENDING", test: true, event_type: "task.completed" });
    await world.stack.qstash.idle();
    const [request, ...more] = endpoint.at("/tested");
    expect(more).toEqual([]);
    const headers = Object.entries(request?.headers ?? {}).map(([name, value]) => [
      name,
      String(value),
    ]);
    const payload = new Verifier(secret).verify(request?.body ?? "", Object.fromEntries(headers));
    expect(payload).toMatchObject({
      type: "task.completed",
      data: { test: true, sequence: 0, task: { status: "COMPLETED" } },
    });
    expect(endpoint.at("/other")).toEqual([]);
    const { body } = await api.get(answer.headers.get("Location") ?? "").expect(200);
    expect(Delivery.parse(body)).toMatchObject({
      status: "COMPLETED",
      attempts: [{ response_status: 200 }],
    });
  });

  it("that fails is tried once and suspends nothing", async () => {
    const api = await world.inNamespace();
    endpoint.always(410);
    const { webhook_id } = await subscribe(api, endpoint.url("/broken"));
    await api.post(`/v1/webhooks/${webhook_id}/test`, { type: "task.failed" }).expect(202);
    await clock.advanceBy(DAYS_MS);
    expect(endpoint.at("/broken")).toHaveLength(1);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "FAILED",
      test: true,
      error_message: "the test failed: HTTP 410",
    });
    const { body } = await api.get(`/v1/webhooks/${webhook_id}`).expect(200);
    expect(body).toMatchObject({ status: "ACTIVE", failing_since: null });
  });
});
