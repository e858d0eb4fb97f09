import { describe, test } from "vitest";
import {
  crowd,
  dispatch,
  drain,
  expectAllServed,
  expectInOrder,
  start,
  TWO_STEPS,
} from "../../../test/webhooks/crowd.ts";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import { relayEvents } from "../duties/relay-events.ts";
import type { ServiceContext } from "../context.ts";

/** A cron run with time left. */
const unspent = () => false;

const MINUTE_MS = 60_000;

describe("a crash", () => {
  const WRITES = [
    "insertMany",
    "publishDeliveries",
    "moveFanOuts",
    "publishDispatches",
    "clearOutboxes",
  ];

  test.each(WRITES)("at any %s of a fan-out loses and doubles nothing", async (write) => {
    // Of forty publishes a few.
    const stride = write === "publishDeliveries" ? 15 : 1;
    for (let occurrence = 1; ; occurrence += stride) {
      const h = createHarness();
      await crowd(h, TWO_STEPS);
      const task = await h.taskWith(["task.created", "task.completed"]);
      const dying = dyingAt(h, write, occurrence);
      await dispatch(h, start(task), dying.ctx).catch(() => undefined);
      for (let next = 0; next < h.dispatchMessages().length; next += 1) {
        const message = h.dispatchMessages()[next];
        if (message !== undefined) await dispatch(h, message, dying.ctx).catch(() => undefined);
      }
      // What the queue doesn't repeat the relay finds.
      for (let minutes = 0; minutes < 4; minutes += 1) {
        h.advance(MINUTE_MS);
        const before = h.dispatchMessages().length;
        await relayEvents(h.ctx, h.now(), unspent);
        await drain(h, before);
      }
      await expectAllServed(h, task, TWO_STEPS, 2);
      expectInOrder(h, task.pending_events);
      if (!dying.hasDied()) return;
    }
  });
});

/** A worker that dies as it gets to a write for the nth time. */
function dyingAt(h: Harness, write: string, nth: number) {
  let count = 0;
  let hasDied = false;
  const watch = <Store extends object>(store: Store): Store =>
    new Proxy(store, {
      get: (target, name, receiver) => {
        const method: unknown = Reflect.get(target, name, receiver);
        if (name !== write) return method;
        count += 1;
        if (count !== nth) return method;
        hasDied = true;
        return () => Promise.reject(new Error("crash"));
      },
    });
  const { tasks, events, deliveries: written, queue } = h.ctx.stores;
  const ctx: ServiceContext = {
    ...h.ctx,
    stores: {
      ...h.ctx.stores,
      tasks: watch(tasks),
      events: watch(events),
      deliveries: watch(written),
      queue: watch(queue),
    },
  };
  return { ctx, hasDied: () => hasDied };
}
