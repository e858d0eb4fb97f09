import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { log, orderOf, poll, publish, shop } from "../support/events.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { expectProblem } from "../support/problems.ts";
import { CreatedWebhook } from "../../src/contract/webhook.ts";
import type { Api } from "../support/api.ts";
import { deliveriesTo, subscribe } from "../support/webhooks.ts";
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

/** Publishes orders, and waits until what that caused is delivered. */
async function settleOrders(api: Api, ...names: string[]): Promise<void> {
  for (const name of names) await publish(api, name);
  await world.stack.qstash.idle();
}

async function makeWithoutUrl(api: Api): Promise<z.infer<typeof CreatedWebhook>> {
  const { body } = await api
    .post("/v1/webhooks", { url: null, event_types: ["orders.*"] })
    .expect(201);
  return CreatedWebhook.parse(body);
}

describe("a poll of an endpoint", () => {
  it("brings what it subscribed to since it was made, once over, in the log's order", async () => {
    const api = await shop(world);
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
    expect(new Set(sent)).toEqual(new Set(same.events.map(({ event_id }) => event_id)));
    expect(sent).toHaveLength(3);
  });

  it("heeds its filters by task type and tag, also while it is out of service", async () => {
    const api = await shop(world);
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
    const api = await shop(world);
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
    const [api, other] = [await shop(world), await shop(world)];
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

describe("an endpoint without a URL", () => {
  it("is polled like any other, and nothing is sent to it", async () => {
    const api = await shop(world);
    const { webhook_id, url } = await makeWithoutUrl(api);
    expect(url).toBeNull();
    await settleOrders(api, "a", "b");
    expect((await poll(api, webhook_id)).events.map(orderOf)).toEqual(["a", "b"]);
    expect(await deliveriesTo(api, webhook_id)).toEqual([]);
    const path = `/v1/webhooks/${webhook_id}`;
    expectProblem(await api.post(`${path}/test`), 409, "webhook_has_no_url");
    const replay = { from: "2026-01-01T00:00:00.000Z", which: "all", dry_run: true };
    expectProblem(await api.post(`${path}/replay`, replay), 409, "webhook_has_no_url");
  });

  it("is sent what happens from when it is given one, and what was before by a replay", async () => {
    const api = await shop(world);
    const { webhook_id, created_at } = await makeWithoutUrl(api);
    const path = `/v1/webhooks/${webhook_id}`;
    await settleOrders(api, "polled");
    await api.patch(path, { url: endpoint.url("/given") }).expect(200);
    await settleOrders(api, "sent");
    const sent = () => endpoint.at("/given").length;
    expect(sent()).toBe(1);
    await api.post(`${path}/replay`, { from: created_at, which: "missing" }).expect(200);
    await world.stack.qstash.idle();
    expect(sent()).toBe(2);

    await api.patch(path, { url: null }).expect(200);
    await settleOrders(api, "polled again");
    expect(sent()).toBe(2);
    expect((await poll(api, webhook_id)).events.map(orderOf)).toEqual([
      "polled",
      "sent",
      "polled again",
    ]);
    const [first] = await deliveriesTo(api, webhook_id);
    const resend = await api.post(`/v1/deliveries/${first?.delivery_id}/resend`);
    expectProblem(resend, 409, "webhook_has_no_url");
    const retry = await api.post("/v1/deliveries/retry", { webhook_id }).expect(200);
    expect(retry.body["results"]).toEqual([]);
  });
});
