import { describe, expect, test } from "vitest";
import { attemptDelivery } from "../../src/engine/webhooks/deliveries/attempt-delivery.ts";
import { dispatchEvents } from "../../src/engine/events/dispatch-events.ts";
import { createHarness, type Harness } from "./harness.ts";

/** In seconds; what comes before attempts 2 to 8. */
const INTERVALS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] as const;

/** Makes each attempt at the moment at which the queue was told to bring it. */
async function runToTheEnd(h: Harness): Promise<void> {
  for (let index = 0; index < h.published.length; index += 1) {
    const { message, dueAt } = h.published[index] ?? {};
    if (message?.kind !== "delivery" || dueAt === undefined) continue;
    h.setTime(dueAt);
    await attemptDelivery({ ctx: h.ctx, input: { ...message.body, redelivered: false } });
  }
}

describe("the log of a delivery that always fails", () => {
  test.each([
    [0, 0.8],
    [0.25, 0.9],
    [0.5, 1],
    [0.999_999, 1.2],
  ])(
    "has by the chance %d all eight attempts, each %d times its interval apart",
    async (random, of) => {
      const h = createHarness();
      h.world.random = random;
      h.world.answer = () => new Response("no", { status: 500 });
      await h.subscribe();
      const task = await h.taskWith(["task.completed"]);
      await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
      await runToTheEnd(h);
      const [message] = h.deliveryMessages();
      const delivery = await h.ctx.stores.deliveries.get(message?.delivery_id ?? "");
      expect(delivery).toMatchObject({ state: "DEAD", attempt_count: 8 });
      const times = delivery?.attempts.map(({ at }) => at.getTime() / 1000) ?? [];
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      for (const [index, interval] of INTERVALS.entries()) {
        // Whole seconds, which is what the queue takes.
        expect(Math.abs((gaps[index] ?? 0) - interval * of)).toBeLessThanOrEqual(0.51);
      }
      expect(h.received).toHaveLength(8);
    },
  );
});
