import { describe, expect, it, vi } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { taskRecord } from "../../../test/jobs/task-record.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { failSilentExecutors } from "./fail-silent-executors.ts";

const HEARTBEAT_S = 60;

/** A task that an executor has taken over and is due now, but for what is given. */
async function silent(h: JobHarness, fields: Partial<TaskRecord> = {}): Promise<string> {
  const _id = h.ctx.runtime.newId("task");
  await h.gateway.insertOne(
    "tasks",
    taskRecord({
      _id,
      namespace_id: h.ctx.namespace._id,
      status: "IN_PROGRESS",
      attempt: 1,
      executor: { heartbeat_timeout: HEARTBEAT_S, backoff: { base: 1, cap: 1 } },
      handed_over_at: h.now(),
      lease_token: "token",
      lease_expires_at: h.now(),
      ...fields,
    }),
  );
  return _id;
}

const settle = (h: JobHarness, isSpent = () => false) =>
  failSilentExecutors(h.ctx, h.now(), isSpent);

describe("what settles silent executors", () => {
  it("settles in one run all that is due, round by round, and nothing twice", async () => {
    const h = createJobHarness();
    const ids: string[] = [];
    for (let index = 0; index < 250; index += 1) ids.push(await silent(h));
    expect(await settle(h)).toEqual({ settled: 250, failed: 0 });
    expect(await settle(h)).toEqual({ settled: 0, failed: 0 });
    for (const id of [ids[0], ids[249]]) {
      expect(await h.task(id ?? "")).toMatchObject({ status: "UNKNOWN" });
    }
    h.advance(HEARTBEAT_S * 1000);
    expect(await settle(h)).toEqual({ settled: 250, failed: 0 });
    expect(await h.task(ids[249] ?? "")).toMatchObject({ status: "FAILED" });
  });

  it("begins no other round once the run's time is spent; the next run goes on", async () => {
    const h = createJobHarness();
    for (let index = 0; index < 150; index += 1) await silent(h);
    expect(await settle(h, () => true)).toEqual({ settled: 100, failed: 0 });
    expect(await settle(h)).toEqual({ settled: 50, failed: 0 });
  });

  it("is kept from nobody's task by those that it can't look after, also by a page full of them", async () => {
    const h = createJobHarness();
    const bad = new Set<string>();
    for (let index = 0; index < 120; index += 1) bad.add(await silent(h));
    h.advance(1);
    const [running, unheard] = [await silent(h), await silent(h, { status: "UNKNOWN" })];
    const change = h.ctx.stores.tasks.change.bind(h.ctx.stores.tasks);
    const spy = vi.spyOn(h.ctx.stores.tasks, "change").mockImplementation((wanted) => {
      if (bad.has(wanted.expected._id)) throw new TypeError("a bug");
      return change(wanted);
    });
    expect(await settle(h)).toEqual({ settled: 2, failed: 120 });
    expect(await h.task(running)).toMatchObject({ status: "UNKNOWN" });
    expect(await h.task(unheard)).toMatchObject({ status: "FAILED" });
    spy.mockRestore();
    expect(await settle(h)).toEqual({ settled: 120, failed: 0 });
  });

  it("stops at once when the database is down, and says so", async () => {
    const h = createJobHarness();
    const id = await silent(h);
    h.crashAfter({ operations: 2, lost: "operation" });
    await expect(settle(h)).rejects.toThrow("mongodb is not available");
    h.revive();
    expect(await settle(h)).toEqual({ settled: 1, failed: 0 });
    expect(await h.task(id)).toMatchObject({ status: "UNKNOWN" });
  });
});
