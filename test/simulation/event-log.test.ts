import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventRecord } from "../../src/ports/delivery-store.ts";
import { StoreUnavailableError } from "../../src/ports/errors.ts";
import { readLog } from "../../src/engine/events/scan-log.ts";
import { createEventLogStore } from "../../src/stores/mongo/event-log.ts";
import { createEventStore } from "../../src/stores/mongo/events.ts";
import type { Doc, Database } from "../../src/ports/database.ts";
import { createHarness } from "../webhooks/harness.ts";
import type { MemoryGateway } from "../webhooks/memory-gateway.ts";

const NOW = Date.parse("2026-11-24T01:02:03.456Z");

/** What becomes of one operation: its request is lost, or its answer. */
type Fate = "done" | "lost before" | "lost after";

/**
 * The same gateway where every operation takes as long as the schedule says on its way there and
 * back, where an insert of many is one of each after the other, and where some are lost.
 */
function slowly(memory: MemoryGateway, scheduler: fc.Scheduler, fates: Fate[]): Database {
  const step = (name: string) => scheduler.schedule(Promise.resolve(), name);
  async function travel<Answer>(name: string, work: () => Promise<Answer>): Promise<Answer> {
    const fate = fates.pop() ?? "done";
    await step(`${name} sent`);
    if (fate === "lost before") throw new StoreUnavailableError("mongodb", "lost before");
    const answer = await work();
    await step(`${name} answered`);
    if (fate === "lost after") throw new StoreUnavailableError("mongodb", "lost after");
    return answer;
  }
  const one = async (collection: string, row: Doc) => {
    await step(`a row of ${collection}`);
    return memory.insertOne(collection, row);
  };
  return {
    ...memory,
    find: (collection, ...rest) => travel("find", () => memory.find(collection, ...rest)),
    findOne: (collection, ...rest) => travel("findOne", () => memory.findOne(collection, ...rest)),
    updateMany: (...given) => travel("updateMany", () => memory.updateMany(...given)),
    insertMany: (collection, rows) =>
      travel("insertMany", async () => {
        const outcomes = [];
        for (const row of rows) outcomes.push(await one(collection, row));
        return outcomes;
      }),
    insertInOrder: (collection, rows) =>
      travel("insertInOrder", async () => {
        for (const [index, row] of rows.entries()) {
          if ((await one(collection, row)).kind !== "inserted") return index;
        }
        return rows.length;
      }),
  };
}

/** A writer's dispatch: how far its clock is off, and how many events it logs at once. */
const Dispatch = fc.record({
  skewMs: fc.integer({ min: -5000, max: 5000 }),
  count: fc.integer({ min: 1, max: 4 }),
});

const Trial = fc.record({
  writers: fc.array(fc.array(Dispatch, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  }),
  readers: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 3 }),
  fates: fc.array(fc.constantFrom<Fate>("done", "done", "done", "lost before", "lost after"), {
    maxLength: 40,
  }),
});

async function orLost<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreUnavailableError) return null;
    throw error;
  }
}

/** Runs writers and readers at once; what each reader read, in its order. */
async function run(
  scheduler: fc.Scheduler,
  { writers, readers, fates }: typeof Trial extends fc.Arbitrary<infer T> ? T : never,
) {
  const h = createHarness();
  const gateway = slowly(h.gateway, scheduler, [...fates]);
  const ctx = {
    ...h.ctx,
    stores: {
      ...h.ctx.stores,
      events: createEventStore(gateway),
      eventLog: createEventLogStore(gateway),
    },
  };
  let left = writers.length;
  const written: string[] = [];
  const write = async (dispatches: (typeof writers)[number], writer: number) => {
    const taskId = h.ctx.runtime.newId("task");
    let sequence = 0;
    for (const { skewMs, count } of dispatches) {
      // The time is taken before the write is on its way, by a clock that may be off.
      const at = new Date(NOW + writer + skewMs);
      const events = Array.from({ length: count }, (): EventRecord => ({
        _id: h.ctx.runtime.newId("event"),
        namespace_id: h.ctx.namespace._id,
        type: "task.created",
        task_id: taskId,
        sequence: (sequence += 1),
        timestamp: at,
        data: {},
        created_at: at,
      }));
      while (
        (await orLost(async () => (await ctx.stores.events.insertMany(events), true))) === null
      ) {
        // As the relay does: a dispatch that failed is repeated.
      }
      written.push(...events.map(({ _id }) => _id));
    }
    left -= 1;
  };
  const read = async (limit: number) => {
    const seen: string[] = [];
    let position = 0;
    for (;;) {
      const wasLast = left === 0;
      const part = await orLost(() => readLog(ctx, position, limit));
      if (part === null) continue;
      seen.push(...part.rows.map(({ eventId }) => eventId));
      position = part.rows.at(-1)?.position ?? position;
      if (part.isEnd && wasLast) return seen;
    }
  };
  const [, logs] = await scheduler.waitFor(
    Promise.all([Promise.all(writers.map(write)), Promise.all(readers.map(read))]),
  );
  return { h, ctx, written, logs };
}

describe("the event log", () => {
  test("has one order for all readers, without a gap, and skips no event however late it was written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), Trial, async (scheduler, trial) => {
        const { h, written, logs } = await run(scheduler, trial);
        const [first = []] = logs;
        for (const log of logs) expect(log).toEqual(first);
        expect(first.toSorted()).toEqual(written.toSorted());
        const positions = h.gateway.rows("event_positions").map(({ _id }) => _id.split(":")[1]);
        expect(positions.map(Number).toSorted((a, b) => a - b)).toEqual(
          written.map((_, index) => index + 1),
        );
      }),
      { numRuns: 30 },
    );
  });
});
