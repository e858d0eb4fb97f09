import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { gate, TestReceiver } from "../contracts/qstash/receiver.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { expectInvalid } from "../support/problems.ts";
import { completeTask, deliveriesTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

/** What one small task says to an endpoint that wants all of it. */
const EVENTS = 4;

const MINUTE_MS = 60_000;

// Attempts are held here on purpose; time must not go on without them.
const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startWorld({ clock });
  await endpoint.start();
});
afterEach(() => {
  endpoint.received.length = 0;
  endpoint.always(200);
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

async function untilAt(path: string, count: number): Promise<void> {
  await expect.poll(() => endpoint.at(path).length, { timeout: 20_000 }).toBe(count);
}

describe("an endpoint", () => {
  it("with a rate limit gets no more attempts in a period, retries included", async () => {
    const api = await world.inNamespace();
    let calls = 0;
    endpoint.answering = () => ({ status: (calls += 1) === 1 ? 500 : 200 });
    const rate_limit = { max: 2, period_seconds: 60 };
    const request = { event_types: ["*"], rate_limit };
    const { webhook_id } = await subscribe(api, endpoint.url("/rated"), request);
    await completeTask(world, api);
    const began = clock.now();
    await clock.advanceBy(5 * MINUTE_MS);
    const minutes = endpoint.at("/rated").map(({ atMs }) => Math.floor((atMs - began) / MINUTE_MS));
    expect(minutes).toHaveLength(EVENTS + 1);
    for (const minute of new Set(minutes)) {
      expect(minutes.filter((one) => one === minute).length).toBeLessThanOrEqual(2);
    }
    for (const { status } of await deliveriesTo(api, webhook_id)) expect(status).toBe("COMPLETED");
  });

  it("that answers slowly takes as many attempts at once as it says, and delays no other", async () => {
    const api = await world.inNamespace();
    const { opened, open } = gate();
    endpoint.answering = async ({ path }) => {
      if (path === "/slow") await opened;
      return { status: 200 };
    };
    const request = { event_types: ["*"], max_concurrency: 2 };
    const { webhook_id } = await subscribe(api, endpoint.url("/slow"), request);
    await subscribe(api, endpoint.url("/fine"), { event_types: ["*"] });
    const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
    await untilEnded(api, task_id);
    await untilAt("/fine", EVENTS);
    await untilAt("/slow", 2);
    open();
    await world.stack.qstash.idle();
    expect(endpoint.at("/slow")).toHaveLength(EVENTS);
    expect(await deliveriesTo(api, webhook_id, { status: "COMPLETED" })).toHaveLength(EVENTS);
  });

  it("has the queue's limits under its own id, on retries too", async () => {
    const api = await world.inNamespace();
    endpoint.always(500);
    const rate_limit = { max: 5, period_seconds: 10 };
    const { webhook_id } = await subscribe(api, endpoint.url("/limited"), { rate_limit });
    const other = await subscribe(api, endpoint.url("/default"), { max_concurrency: 3 });
    await completeTask(world, api);
    const limits = new Map(
      world.stack.qstash
        .pendingMessages()
        .map(({ flowControlKey, parallelism, rate, period }) => [
          flowControlKey,
          { parallelism, rate, period },
        ]),
    );
    expect(limits.get(webhook_id)).toEqual({ parallelism: 10, rate: 5, period: 10 });
    expect(limits.get(other.webhook_id)).toMatchObject({ parallelism: 3, rate: undefined });
    await clock.advanceBy(48 * 60 * MINUTE_MS);
  });

  it("has limits that make sense, or says which doesn't", async () => {
    const api = await world.inNamespace();
    const made = await subscribe(api, endpoint.url("/checked"), { max_concurrency: 4 });
    expect(made).toMatchObject({ max_concurrency: 4, rate_limit: null, ordering: "none" });
    const path = `/v1/webhooks/${made.webhook_id}`;
    const cases = [
      [{ max_concurrency: 0 }, "max_concurrency"],
      [{ rate_limit: { max: 1 } }, "rate_limit.period_seconds"],
      [{ rate_limit: { max: 1, period_seconds: 1, burst: 2 } }, "rate_limit.burst"],
      [{ ordering: "strict" }, "ordering"],
    ] as const;
    for (const [body, where] of cases) expectInvalid(await api.patch(path, body), where);
    const { body } = await api.patch(path, { max_concurrency: null, ordering: "task" });
    expect(body).toMatchObject({ max_concurrency: null, ordering: "task" });
  });
});
