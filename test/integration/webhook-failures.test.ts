import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { completeTask, deliveryTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

const HOUR_MS = 3_600_000;

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
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

/** The seconds between attempts, by the queue's clock. */
function gaps(path: string): number[] {
  const times = endpoint.at(path).map((request) => request.atMs);
  return times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / 1000);
}

describe("a failed attempt", () => {
  it("is kept with what the endpoint did, whatever it did, and another one follows", async () => {
    const api = await world.inNamespace();
    endpoint.answering = ({ path }) => {
      if (path === "/silent") return "silence";
      if (path === "/cut") return "cut";
      if (path === "/long") return { status: 500, body: `no${"o".repeat(100_000)}` };
      if (path === "/redirect") return { status: 307, headers: { Location: endpoint.url("/ok") } };
      return { status: Number(path.slice(1)), body: "because" };
    };
    const cases = [
      ["/500", 500, "HTTP 500"],
      ["/404", 404, "HTTP 404"],
      ["/429", 429, "HTTP 429"],
      ["/redirect", 307, "HTTP 307: redirects are not followed"],
      ["/long", 500, "HTTP 500"],
      ["/cut", null, /./],
      ["/silent", null, "no answer within 15 s"],
    ] as const;
    const hooks = await Promise.all(cases.map(([path]) => subscribe(api, endpoint.url(path))));
    const down = await subscribe(api, "http://127.0.0.1:9/");
    await completeTask(world, api);
    for (const [index, [path, status, error]] of cases.entries()) {
      const delivery = await deliveryTo(api, hooks[index]?.webhook_id ?? "");
      expect(delivery, path).toMatchObject({
        status: "PENDING",
        error_message: null,
        attempt_count: 1,
        next_attempt_at: expect.any(String),
        attempts: [{ attempt: 1, response_status: status }],
      });
      expect(delivery.attempts[0]?.error, path).toMatch(error);
    }
    const [, , , , long, , silent] = hooks;
    const { attempts } = await deliveryTo(api, long?.webhook_id ?? "");
    expect(attempts[0]?.response_body).toBe(`no${"o".repeat(4094)}`);
    const slow = (await deliveryTo(api, silent?.webhook_id ?? "")).attempts[0]?.latency_ms;
    expect(slow).toBeGreaterThanOrEqual(14_900);
    expect((await deliveryTo(api, down.webhook_id)).attempts[0]?.error).toMatch(/./);
    expect(endpoint.at("/ok")).toEqual([]);
    for (const { webhook_id } of [...hooks, down]) {
      const { body } = await api.get(`/v1/webhooks/${webhook_id}`).expect(200);
      expect(body).toMatchObject({ status: "ACTIVE", failing_since: expect.any(String) });
      await api.delete(`/v1/webhooks/${webhook_id}`).expect(204);
    }
    await clock.advanceBy(60_000);
  }, 40_000);

  it("is followed by one that succeeds, after which the endpoint's record is clean", async () => {
    const api = await world.inNamespace();
    let isUp = false;
    endpoint.answering = () => (isUp ? { status: 204 } : { status: 503 });
    const { webhook_id, secret } = await subscribe(api, endpoint.url("/mended"));
    await completeTask(world, api);
    await clock.advanceBy(10_000);
    isUp = true;
    await clock.advanceBy(HOUR_MS);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "COMPLETED",
      next_attempt_at: null,
      error_message: null,
      attempts: [
        { attempt: 1, response_status: 503 },
        { attempt: 2, response_status: 503 },
        { attempt: 3, response_status: 204, error: null },
      ],
    });
    const { body } = await api.get(`/v1/webhooks/${webhook_id}`).expect(200);
    expect(body).toMatchObject({ failing_since: null, status: "ACTIVE" });
    const requests = endpoint.at("/mended");
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(requests.map((request) => request.body)).size).toBe(1);
    for (const { body: text, headers } of requests) {
      const given = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      new Verifier(secret).verify(text, Object.fromEntries(given));
    }
    await clock.advanceBy(48 * HOUR_MS);
    expect(endpoint.at("/mended")).toHaveLength(3);
  });

  it("eight times over is the end: on schedule, and then in the dead letters with all its attempts", async () => {
    const api = await world.inNamespace();
    endpoint.always(500);
    const { webhook_id } = await subscribe(api, endpoint.url("/dead"));
    await completeTask(world, api);
    await clock.advanceBy(48 * HOUR_MS);
    const delivery = await deliveryTo(api, webhook_id);
    expect(delivery).toMatchObject({
      status: "FAILED",
      error_message: "all 8 attempts failed; the last: HTTP 500",
      attempt_count: 8,
      next_attempt_at: null,
    });
    expect(delivery.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const schedule = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];
    for (const [index, gap] of gaps("/dead").entries()) {
      const planned = schedule[index] ?? 0;
      expect(gap).toBeGreaterThanOrEqual(planned * 0.8);
      // The queue's delays are whole seconds.
      expect(gap).toBeLessThanOrEqual(planned * 1.2 + 1);
    }
    expect(endpoint.at("/dead")).toHaveLength(8);
    // Nothing failed for the queue: it has no dead letter and no message of its own left.
    expect(world.stack.qstash.pendingMessages()).toEqual([]);
  });

  it("that asks for a later one by Retry-After gets it then, and not before", async () => {
    const api = await world.inNamespace();
    let calls = 0;
    endpoint.answering = () =>
      (calls += 1) === 1 ? { status: 429, headers: { "Retry-After": "900" } } : { status: 200 };
    const { webhook_id } = await subscribe(api, endpoint.url("/later"));
    await completeTask(world, api);
    await clock.advanceBy(890_000);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({ attempt_count: 1 });
    await clock.advanceBy(20_000);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({ status: "COMPLETED" });
    expect(gaps("/later")[0]).toBeGreaterThanOrEqual(900);
  });
});

it("an endpoint that answers 410 is suspended, gets nothing more, and the others are told", async () => {
  const api = await world.inNamespace();
  endpoint.byPath({ "/gone": 410 });
  const gone = await subscribe(api, endpoint.url("/gone"));
  const watcher = await subscribe(api, endpoint.url("/watcher"), {
    event_types: ["webhook.endpoint.disabled"],
  });
  await completeTask(world, api);
  await world.stack.qstash.idle();
  expect(await deliveryTo(api, gone.webhook_id)).toMatchObject({
    status: "FAILED",
    error_message: "the endpoint answered 410 Gone",
    attempt_count: 1,
  });
  const { body } = await api.get(`/v1/webhooks/${gone.webhook_id}`).expect(200);
  expect(body).toMatchObject({
    status: "SUSPENDED",
    status_reason: "the endpoint answered 410 Gone",
  });
  const [told] = endpoint.at("/watcher");
  expect(told?.body).toContain(gone.webhook_id);
  expect(await deliveryTo(api, watcher.webhook_id)).toMatchObject({
    event_type: "webhook.endpoint.disabled",
    task_id: null,
    status: "COMPLETED",
  });
  await completeTask(world, api);
  await clock.advanceBy(HOUR_MS);
  expect(endpoint.at("/gone")).toHaveLength(1);
});
