import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { releaseHeld } from "../../duties/release-held.ts";
import { CIRCUIT_THRESHOLD } from "../circuit.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { attemptDelivery } from "./attempt-delivery.ts";

/** A cron run with time left. */
const unspent = () => false;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const broken = () => new Response(null, { status: 500 });
const well = () => new Response("ok");

async function dispatchOne(h: Harness): Promise<void> {
  const task = await h.taskWith(["task.completed"]);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
}

/** Delivers what is due of what was published; what was published later waits. */
async function deliverDue(h: Harness): Promise<readonly string[]> {
  const due = h.published.filter(({ dueAt }) => dueAt <= h.now());
  const rest = h.published.filter(({ dueAt }) => dueAt > h.now());
  h.published.splice(0, h.published.length, ...rest);
  const kinds: string[] = [];
  for (const { message } of due) {
    if (message.kind !== "delivery") continue;
    const input = { ...message.body, redelivered: false };
    kinds.push((await attemptDelivery({ ctx: h.ctx, input })).kind);
  }
  return kinds;
}

async function cron(h: Harness): Promise<void> {
  await releaseHeld(h.ctx, h.now(), unspent);
  await relayDeliveries(h.ctx, h.now(), unspent);
}

const circuitOf = async (h: Harness, id: string) => (await h.webhook(id))?.circuit;

/** An endpoint with an open circuit, of which nothing is on its way but retries. */
async function opened() {
  const h = createHarness();
  const { webhook } = await h.subscribe();
  h.world.answer = broken;
  for (let index = 0; index < CIRCUIT_THRESHOLD; index += 1) await dispatchOne(h);
  await deliverDue(h);
  h.received.length = 0;
  return { h, id: webhook._id };
}

describe("a circuit", () => {
  test("opens after ten failures in a row, for a minute", async () => {
    const { h, id } = await opened();
    expect(await circuitOf(h, id)).toEqual({
      state: "open",
      open_until: new Date(h.now().getTime() + MINUTE_MS),
      probe_delivery_id: null,
      consecutive_failures: 10,
      openings: 1,
    });
  });

  test("stays closed when there was a success among them, also one that nothing noted", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    // All are published while the endpoint is well, so no success is noted on it.
    for (let index = 0; index < 15; index += 1) await dispatchOne(h);
    let calls = 0;
    h.world.answer = () => ((calls += 1) === 3 ? well() : broken());
    await deliverDue(h);
    expect(await circuitOf(h, webhook._id)).toMatchObject({ state: "closed" });
    expect((await circuitOf(h, webhook._id))?.consecutive_failures).toBeLessThan(10);
  });

  test("that is open costs a delivery no attempt, and a new one no message either", async () => {
    const { h } = await opened();
    h.advance(5_000);
    await dispatchOne(h);
    // The failure that opened it held its own retry at once; the others had theirs published.
    const kinds = await deliverDue(h);
    expect(kinds).toEqual(Array(CIRCUIT_THRESHOLD - 1).fill("held"));
    expect(h.received).toEqual([]);
    expect(h.deliveries().map(({ hold }) => hold)).toEqual(Array(11).fill("circuit"));
    expect(h.deliveries().map(({ attempt_count }) => attempt_count)).toEqual([
      ...Array(10).fill(1),
      0,
    ]);
    h.advance(50_000);
    await cron(h);
    expect(h.published).toEqual([]);
  });

  test("lets one delivery through when its cool-down is over, and closes when that arrives", async () => {
    const { h, id } = await opened();
    h.advance(5_000);
    await deliverDue(h);
    h.advance(MINUTE_MS);
    await cron(h);
    expect(await circuitOf(h, id)).toMatchObject({ state: "half_open", open_until: null });
    expect(h.published).toHaveLength(1);
    await dispatchOne(h);
    expect(h.published).toHaveLength(1);
    h.world.answer = well;
    expect(await deliverDue(h)).toEqual(["delivered"]);
    expect(await h.webhook(id)).toMatchObject({
      failing_since: null,
      circuit: { state: "closed", consecutive_failures: 0, openings: 0 },
    });
    await cron(h);
    expect(await deliverDue(h)).toEqual(Array(CIRCUIT_THRESHOLD).fill("delivered"));
    expect(h.deliveries().every(({ state }) => state === "DELIVERED")).toBe(true);
    expect((await h.webhook(id))?.holds_due_at).toBeNull();
  });

  test("that is half-open admits one of two deliveries that come at once", async () => {
    const { h, id } = await opened();
    h.advance(5_000);
    const due = h.published.splice(0);
    h.advance(MINUTE_MS);
    // Nothing is held but the retry of that which opened it: the others' messages are late.
    const held = h.deliveries().filter(({ hold }) => hold !== null);
    for (const { _id } of held) await h.ctx.stores.deliveries.markDead(_id, "a test", h.now());
    await releaseHeld(h.ctx, h.now(), unspent);
    expect(await circuitOf(h, id)).toMatchObject({ state: "half_open", probe_delivery_id: null });
    const kinds = await Promise.all(
      due.map(async ({ message }) => {
        if (message.kind !== "delivery") return "none";
        const input = { ...message.body, redelivered: false };
        return (await attemptDelivery({ ctx: h.ctx, input })).kind;
      }),
    );
    expect(kinds.toSorted()).toEqual([...Array(8).fill("held"), "retrying"]);
    expect(h.received).toHaveLength(1);
  });

  test("stays open twice as long after each failed probe, up to an hour", async () => {
    const { h, id } = await opened();
    h.advance(5_000);
    await deliverDue(h);
    const coolDowns: number[] = [];
    for (let probes = 0; probes < 8; probes += 1) {
      const openUntil = (await circuitOf(h, id))?.open_until;
      if (!openUntil) throw new Error("the circuit isn't open");
      h.setTime(openUntil);
      await cron(h);
      await deliverDue(h);
      const next = (await circuitOf(h, id))?.open_until;
      coolDowns.push(((next?.getTime() ?? 0) - h.now().getTime()) / MINUTE_MS);
    }
    expect(coolDowns).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
    expect(h.received).toHaveLength(8);
  });

  test("lets another probe through when one never comes back", async () => {
    const { h, id } = await opened();
    h.advance(5_000);
    await deliverDue(h);
    h.advance(MINUTE_MS);
    await cron(h);
    const lost = h.published.splice(0);
    expect(lost).toHaveLength(1);
    h.advance(2 * MINUTE_MS);
    h.world.answer = well;
    await cron(h);
    expect(h.published.length).toBeGreaterThan(0);
    expect(await deliverDue(h)).toContain("delivered");
    expect(await circuitOf(h, id)).toMatchObject({ state: "closed" });
  });

  test("of an endpoint that has failed for five days ends in SUSPENDED, with the owner's event and all in the dead letters", async () => {
    const { h, id } = await opened();
    const started = h.now().getTime();
    while ((await h.webhook(id))?.status === "ACTIVE") {
      if (h.now().getTime() - started > 6 * 24 * HOUR_MS) throw new Error("it goes on");
      await dispatchOne(h);
      for (let turns = 0; turns < 18; turns += 1) {
        h.advance(10 * MINUTE_MS);
        await cron(h);
        await deliverDue(h);
      }
    }
    expect(h.now().getTime() - started).toBeGreaterThanOrEqual(5 * 24 * HOUR_MS);
    expect(await h.webhook(id)).toMatchObject({
      suspended_by: "failure",
      pending_events: [{ type: "webhook.endpoint.disabled" }],
    });
    // About a probe an hour for five days, whatever is dispatched meanwhile.
    expect(h.received.length).toBeGreaterThan(80);
    expect(h.received.length).toBeLessThan(140);
    h.advance(12 * HOUR_MS);
    await cron(h);
    await deliverDue(h);
    for (const { attempts, attempt_count } of h.deliveries())
      expect(attempts).toHaveLength(attempt_count);
    expect(h.deliveries().every(({ state }) => state === "DEAD")).toBe(true);
  });
});
