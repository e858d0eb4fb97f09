import { describe, expect, test } from "vitest";
import { createHarness } from "../../../test/webhooks/harness.ts";
import { EVENTS_AT_ONCE } from "../../ports/delivery-store.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { TaskNews } from "../../ports/watchers.ts";
import type { NamespaceContext } from "../context.ts";
import { dispatchTasks } from "../events/dispatch-events.ts";
import type { EventStream } from "../events/event-stream.ts";
import { openTaskStream } from "./stream-task.ts";

/** A running task with so many events in its outbox, whose next waits are answered one by one. */
async function streaming(types: readonly string[]) {
  const h = createHarness();
  const task = await h.taskWith(types);
  const world = {
    answers: [] as (TaskNews | null)[],
    waits: [] as unknown[],
    isLeft: false,
    isMongoDown: false,
    finds: 0,
  };
  const { tasks } = h.ctx.stores;
  const ctx: NamespaceContext = {
    ...h.ctx,
    stores: {
      ...h.ctx.stores,
      tasks: {
        ...tasks,
        find: (namespaceId, taskId) => {
          world.finds += 1;
          return world.isMongoDown
            ? Promise.reject(new StoreUnavailableError("mongodb", "down"))
            : tasks.find(namespaceId, taskId);
        },
      },
      watchers: {
        ...h.ctx.stores.watchers,
        join: () => ({
          next: (known, ms) => {
            world.waits.push(known);
            const answer = world.answers.shift() ?? null;
            if (answer === null) h.advance(ms);
            return Promise.resolve(answer);
          },
          leave: () => {
            world.isLeft = true;
          },
        }),
      },
    },
  };
  const set = (fields: Partial<TaskRecord>) =>
    h.gateway.updateOne("tasks", { _id: task._id }, { $set: fields });
  await set({ status: "PROCESSING", completed_at: null });
  const open = (after = 0) => openTaskStream({ ctx, input: { taskId: task._id, after } });
  return { h, ctx, task, world, set, open };
}

/** What comes next: an event's sequence, "idle", or "end". */
async function next({ items }: EventStream): Promise<number | "idle" | "end"> {
  const { done, value } = await items.next();
  if (done === true) return "end";
  return value.kind === "idle" ? "idle" : value.event.sequence;
}

function present<Value>(value: Value | null): Value {
  if (value === null) throw new Error("there is no stream");
  return value;
}

function told(sequence: number): TaskNews {
  return { version: sequence, sequence, status: "PROCESSING", json: JSON.stringify({ sequence }) };
}

async function addEvent({ h, ctx, task }: Awaited<ReturnType<typeof streaming>>): Promise<void> {
  const now = present(await ctx.stores.tasks.get(task._id));
  const [first] = task.pending_events;
  if (first === undefined) throw new Error("there is no event");
  const sequence = now.sequence + 1;
  const event = { ...first, event_id: ctx.runtime.newId("event"), sequence };
  await h.gateway.updateOne(
    "tasks",
    { _id: task._id },
    { $set: { sequence }, $push: { pending_events: event } },
  );
}

describe("a stream", () => {
  test("reads once for what the outbox has, and again only when more is told of", async () => {
    const s = await streaming(["task.created", "task.started"]);
    const stream = present(await s.open());
    expect([await next(stream), await next(stream)]).toEqual([1, 2]);
    expect(s.world.finds).toBe(1);
    await addEvent(s);
    s.world.answers = [told(3)];
    expect(await next(stream)).toBe(3);
    expect(s.world.finds).toBe(2);
    expect(s.world.waits).toEqual([{ sequence: 2 }]);
  });

  test("says each 15 seconds that it lives, looks for itself then, and ends after 5 minutes", async () => {
    const s = await streaming(["task.created"]);
    const stream = present(await s.open());
    expect(await next(stream)).toBe(1);
    const began = s.h.now().getTime();
    expect(await next(stream)).toBe("idle");
    expect(s.h.now().getTime() - began).toBe(15_000);
    await addEvent(s);
    expect(await next(stream)).toBe(2);
    for (let idle = 0; idle < 19; idle += 1) expect(await next(stream)).toBe("idle");
    expect(await next(stream)).toBe("end");
    expect(s.h.now().getTime() - began).toBe(300_000);
    expect(s.world.isLeft).toBe(true);
  });

  test("ends after a terminal task's last event, wherever that is read from", async () => {
    const s = await streaming(["task.created", "task.completed"]);
    await s.set({ status: "COMPLETED" });
    const fromOutbox = present(await s.open(1));
    expect([await next(fromOutbox), await next(fromOutbox)]).toEqual([2, "end"]);
    await dispatchTasks(s.ctx, [present(await s.ctx.stores.tasks.get(s.task._id))]);
    const fromLog = present(await s.open());
    expect([await next(fromLog), await next(fromLog), await next(fromLog)]).toEqual([1, 2, "end"]);
    expect(await s.open(2)).toBeNull();
    expect(await s.open(99)).toBeNull();
  });

  test("has events in order that are partly in the log and partly in the outbox", async () => {
    const s = await streaming(["task.created", "task.started"]);
    await dispatchTasks(s.ctx, [present(await s.ctx.stores.tasks.get(s.task._id))]);
    await addEvent(s);
    const stream = present(await s.open());
    expect([await next(stream), await next(stream), await next(stream)]).toEqual([1, 2, 3]);
  });

  test("brings more events than one read has, without a gap", async () => {
    const s = await streaming(Array.from({ length: EVENTS_AT_ONCE + 5 }, () => "task.progressed"));
    await dispatchTasks(s.ctx, [present(await s.ctx.stores.tasks.get(s.task._id))]);
    await addEvent(s);
    const stream = present(await s.open());
    for (let sequence = 1; sequence <= EVENTS_AT_ONCE + 6; sequence += 1) {
      expect(await next(stream)).toBe(sequence);
    }
  });

  test("waits while MongoDB is down, misses nothing, and asks for it no faster than it looks", async () => {
    const s = await streaming(["task.created"]);
    const stream = present(await s.open());
    expect(await next(stream)).toBe(1);
    await addEvent(s);
    s.world.isMongoDown = true;
    s.world.answers = [told(2)];
    expect([await next(stream), await next(stream)]).toEqual(["idle", "idle"]);
    expect(s.world.finds).toBe(3);
    expect(s.world.waits).toEqual([{ sequence: 1 }, { sequence: 2 }, { sequence: 2 }]);
    s.world.isMongoDown = false;
    expect(await next(stream)).toBe(2);
  });

  test("gives its place up when its reader goes", async () => {
    const s = await streaming(["task.created"]);
    const stream = present(await s.open());
    expect(await next(stream)).toBe(1);
    await stream.items.return();
    expect(s.world.isLeft).toBe(true);
  });
});
