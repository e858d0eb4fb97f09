import { describe, expect, it } from "vitest";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { createMemoryGateway } from "../../../test/webhooks/memory-gateway.ts";
import { QueueRefusedError, StoreUnavailableError } from "../../ports/errors.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { deleteSchedule } from "../schedules/delete-schedule.ts";
import { pauseSchedule, resumeSchedule } from "../schedules/pause-schedule.ts";
import { updateSchedule } from "../schedules/update-schedule.ts";
import { createScheduleStore } from "../../stores/mongo/schedules.ts";
import { syncSchedules } from "./sync-schedules.ts";

const PATIENCE_MS = 30_000;

/** A queue that only knows schedules. What it is told arrives when `arrival` lets it, or fails. */
function world() {
  const h = createJobHarness();
  let writes = 0;
  const schedules = createScheduleStore(createMemoryGateway(), () => `w${(writes += 1)}`);
  const known = new Map<string, string>();
  const made = {
    schedules,
    known,
    arrival: (_told: string): Promise<void> => Promise.resolve(),
    advance: h.advance,
    run: (isSpent = () => false) => syncSchedules(made.ctx, h.now(), isSpent),
    ctx: h.ctx,
    insert: async (fields: Partial<ScheduleRecord> = {}): Promise<ScheduleRecord> => {
      const _id = h.ctx.runtime.newId("schedule");
      const schedule: ScheduleRecord = {
        _id,
        namespace_id: h.ctx.namespace._id,
        name: _id,
        status: "ACTIVE",
        cron: "0 * * * *",
        timezone: "UTC",
        submission: JSON.stringify({ kind: "cluster", cluster_id: "c" }),
        overlap: "allow",
        metadata: {},
        last_fired_at: null,
        last_task_id: null,
        last_error: null,
        revision: 1,
        write_id: "",
        unsynced_at: h.now(),
        created_at: h.now(),
        updated_at: h.now(),
        ...fields,
      };
      await schedules.insert(schedule);
      return schedule;
    },
  };
  const queue: NamespaceContext["stores"]["queue"] = {
    ...h.ctx.stores.queue,
    putSchedule: async ({ scheduleId, cron }) => {
      await made.arrival(`put ${scheduleId}`);
      known.set(scheduleId, cron);
    },
    deleteSchedule: async (scheduleId) => {
      await made.arrival(`delete ${scheduleId}`);
      known.delete(scheduleId);
    },
  };
  made.ctx = { ...h.ctx, stores: { ...h.ctx.stores, schedules, queue } };
  return made;
}

type World = ReturnType<typeof world>;

const pause = (w: World, { name }: ScheduleRecord) =>
  pauseSchedule({ ctx: w.ctx, input: { schedule: name } });
const resume = (w: World, { name }: ScheduleRecord) =>
  resumeSchedule({ ctx: w.ctx, input: { schedule: name } });

async function synced(w: World) {
  const schedule = await w.insert();
  w.advance(PATIENCE_MS);
  await w.run();
  return schedule;
}

describe("what tells the queue of schedules", () => {
  it("leaves a change to whoever made it for a while, then tells all in one run, round by round", async () => {
    const w = world();
    for (let index = 0; index < 250; index += 1) await w.insert();
    w.advance(PATIENCE_MS - 1);
    expect(await w.run()).toEqual({ synced: 0, failed: 0 });
    w.advance(1);
    expect(await w.run(() => true)).toEqual({ synced: 100, failed: 0 });
    expect(await w.run()).toEqual({ synced: 150, failed: 0 });
    expect(w.known.size).toBe(250);
    expect(await w.run()).toEqual({ synced: 0, failed: 0 });
  });

  it("is kept from no other schedule by those that the queue refuses, also by a page full of them", async () => {
    const w = world();
    for (let index = 0; index < 120; index += 1) await w.insert({ cron: "bad" });
    w.advance(1);
    const good = await w.insert();
    const refused = new Set((await w.schedules.dueForSync(new Date(8e15), 120)).map((s) => s._id));
    w.arrival = async (told) => {
      if (refused.has(told.slice(4))) throw new QueueRefusedError("400");
    };
    w.advance(PATIENCE_MS);
    expect(await w.run()).toEqual({ synced: 1, failed: 120 });
    expect([...w.known.keys()]).toEqual([good._id]);
  });

  it("stops at once when the queue is down, and tells it when it is back", async () => {
    const w = world();
    await w.insert();
    w.advance(PATIENCE_MS);
    w.arrival = () => Promise.reject(new StoreUnavailableError("qstash", "down"));
    await expect(w.run()).rejects.toThrow("qstash is not available");
    w.arrival = () => Promise.resolve();
    expect(await w.run()).toEqual({ synced: 1, failed: 0 });
  });
});

describe("of two changes at once, the queue knows the later one in the end", () => {
  it("when what was told of the earlier one arrives last", async () => {
    const w = world();
    const schedule = await synced(w);
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    w.arrival = (told) => (told.startsWith("delete") ? until : Promise.resolve());
    const pausing = pause(w, schedule);
    await expect.poll(() => w.schedules.get(schedule._id)).toMatchObject({ status: "SUSPENDED" });
    await resume(w, schedule);
    release();
    await pausing;
    expect(w.known.has(schedule._id)).toBe(false);
    w.advance(PATIENCE_MS);
    expect(await w.run()).toEqual({ synced: 1, failed: 0 });
    expect(w.known.has(schedule._id)).toBe(true);
    expect(await w.run()).toEqual({ synced: 0, failed: 0 });
  });

  it("when whoever told of the earlier one dies with it on its way", async () => {
    const w = world();
    const schedule = await synced(w);
    // It never comes back to its teller; it arrives later all the same.
    w.arrival = (told) => (told.startsWith("delete") ? new Promise(() => {}) : Promise.resolve());
    void pause(w, schedule);
    await expect.poll(() => w.schedules.get(schedule._id)).toMatchObject({ status: "SUSPENDED" });
    await resume(w, schedule);
    w.known.delete(schedule._id);
    w.advance(PATIENCE_MS);
    expect(await w.run()).toEqual({ synced: 1, failed: 0 });
    expect(w.known.has(schedule._id)).toBe(true);
  });

  it("when both were told while another was, and the earlier arrives after cron has told the later", async () => {
    const w = world();
    const schedule = await w.insert();
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    w.arrival = (told) => (told.startsWith("delete") ? until : Promise.resolve());
    const pausing = pause(w, schedule);
    await expect.poll(() => w.schedules.get(schedule._id)).toMatchObject({ status: "SUSPENDED" });
    await resume(w, schedule);
    w.advance(PATIENCE_MS);
    expect(await w.run()).toEqual({ synced: 1, failed: 0 });
    release();
    await pausing;
    expect(w.known.has(schedule._id)).toBe(false);
    w.advance(PATIENCE_MS);
    expect(await w.run()).toEqual({ synced: 1, failed: 0 });
    expect(w.known.has(schedule._id)).toBe(true);
  });

  it("when cron's word of the earlier one, or of the one before, arrives last", async () => {
    const w = world();
    const schedule = await w.insert();
    w.advance(PATIENCE_MS);
    const { promise: until, resolve: release } = Promise.withResolvers<void>();
    let isFirst = true;
    w.arrival = () => {
      const wait = isFirst ? until : Promise.resolve();
      isFirst = false;
      return wait;
    };
    const running = w.run();
    await expect.poll(() => isFirst).toBe(false);
    const request = { cron: "30 * * * *" };
    await updateSchedule({ ctx: w.ctx, input: { schedule: schedule.name, request } });
    release();
    await running;
    expect(w.known.get(schedule._id)).toContain("0 * * * *");
    w.advance(PATIENCE_MS);
    await w.run();
    expect(w.known.get(schedule._id)).toContain("30 * * * *");
  });

  it("and one alone is told once, and needs no cron", async () => {
    const w = world();
    const schedule = await synced(w);
    const told: string[] = [];
    w.arrival = async (what) => void told.push(what);
    await pause(w, schedule);
    await resume(w, schedule);
    await deleteSchedule({ ctx: w.ctx, input: { schedule: schedule.name } });
    w.advance(PATIENCE_MS);
    expect(await w.run()).toEqual({ synced: 0, failed: 0 });
    expect(told).toEqual(["delete", "put", "delete"].map((verb) => `${verb} ${schedule._id}`));
    expect(await w.schedules.get(schedule._id)).toBeNull();
  });
});
