import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import { dispatchEvents } from "../events/dispatch-events.ts";
import { relayDeliveries } from "./relay-deliveries.ts";

/** A cron run with time left. */
const unspent = () => false;

/** Dispatches so many events, whose messages the queue keeps. */
async function dispatchSome(h: Harness, events: number): Promise<void> {
  for (let index = 0; index < events; index += 1) {
    const task = await h.taskWith(["task.completed"]);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  }
  h.published.length = 0;
}

describe("attempts", () => {
  test("that wait in a long queue are published again ever more rarely", async () => {
    const h = createHarness();
    await h.subscribe();
    await dispatchSome(h, 1);
    const at: number[] = [];
    for (let minute = 1; minute <= 120; minute += 1) {
      h.advance(60_000);
      const { relayed } = await relayDeliveries(h.ctx, h.now(), unspent);
      if (relayed > 0) at.push(minute);
    }
    expect(at).toEqual([2, 7, 14, 28, 56, 112]);
  });

  test("that wait for a rate limit take no more than a quarter of it for the relay's copies", async () => {
    const h = createHarness();
    await h.subscribe({ rate_limit: { max: 12, period_seconds: 60 } });
    await dispatchSome(h, 50);
    h.advance(2 * 60_000);
    await relayDeliveries(h.ctx, h.now(), unspent);
    expect(h.published).toHaveLength(3);
    const hourly = createHarness();
    await hourly.subscribe({ rate_limit: { max: 4, period_seconds: 3600 } });
    await dispatchSome(hourly, 5);
    for (let minute = 0; minute < 240; minute += 1) {
      hourly.advance(60_000);
      await relayDeliveries(hourly.ctx, hourly.now(), unspent);
    }
    expect(hourly.published.length).toBeLessThanOrEqual(4);
    expect(hourly.published.length).toBeGreaterThan(0);
  });
});
