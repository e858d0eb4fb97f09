import { describe, expect, test } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { planReport } from "../executors/plan-report.ts";
import type { HistoryRecord } from "../../ports/task-store.ts";
import { MAX_HISTORY_LINES } from "../../ports/task-store.ts";
import { isOutboxFull } from "./outbox-room.ts";
import { planChange } from "./plan-change.ts";

/** A refused write, as the history has it. */
function refusal(h: JobHarness, attempt: number, what: string): HistoryRecord {
  const reason = `a report with the token of attempt ${attempt} was refused: ${what}`;
  const actor = "executor";
  return { at: h.now(), kind: "rejected", from: "FAILED", to: "FAILED", actor, attempt, reason };
}

const anEvent = (sequence: number, text = "") => ({
  event_id: `evt_${sequence}`,
  type: "task.progressed",
  sequence,
  timestamp: new Date(0),
  data: { text },
});

describe("refused writes", () => {
  test("that are repeated a thousand times have one line of each kind, the last one, and a count", async () => {
    const h = createJobHarness();
    const { _id, history } = await h.submit();
    for (let index = 0; index < 1000; index += 1) {
      h.advance(1000);
      const what = index % 2 === 0 ? "heartbeat" : "COMPLETED";
      await h.ctx.stores.tasks.recordRejection(_id, refusal(h, 1 + (index % 3), what));
    }
    const task = await h.task(_id);
    expect(task.history).toHaveLength(history.length + 6);
    expect(task.repeated_rejections).toMatchObject({ count: 994, last: { at: h.now() } });
  });

  test("of a task of before are counted on from its own lines", async () => {
    const h = createJobHarness();
    const { _id, history } = await h.submit();
    const line = refusal(h, 1, "heartbeat");
    const old = { history: [...history, line, line] };
    await h.gateway.updateOne("tasks", { _id }, { $set: old });
    await h.ctx.stores.tasks.recordRejection(_id, line);
    expect((await h.task(_id)).history).toHaveLength(history.length + 2);
    expect((await h.task(_id)).repeated_rejections).toMatchObject({ count: 1 });
  });
});

describe("a history that is full", () => {
  test("counts what goes to and fro, and still tells a kill and the end", async () => {
    const { ctx, submit } = createJobHarness();
    const [line] = (await submit()).history;
    if (line === undefined) throw new Error("a new task has a line");
    const task = {
      ...(await submit()),
      status: "UNKNOWN" as const,
      history: Array.from({ length: MAX_HISTORY_LINES }, () => line),
    };
    const intent = { kind: "status", actor: "a", reason: null, patch: {}, events: [] } as const;
    const again = planChange(task, { ...intent, to: "IN_PROGRESS" }, ctx.runtime);
    expect(again.history).toEqual([]);
    expect(again.patch.history_omitted).toBe(1);
    const more = { ...task, history_omitted: 7 };
    const third = planChange(more, { ...intent, to: "IN_PROGRESS" }, ctx.runtime);
    expect(third.patch.history_omitted).toBe(8);
    for (const told of [
      { ...intent, to: "FAILED" as const },
      { ...intent, kind: "cancel" as const, to: "UNKNOWN" as const },
    ]) {
      const { history, patch } = planChange(more, told, ctx.runtime);
      expect(history).toHaveLength(1);
      expect(patch.history_omitted).toBeUndefined();
    }
  });
});

describe("an outbox", () => {
  test.each([
    [3, 2_000_000, false],
    [4, 2_000_000, true],
    [999, 10, false],
    [1000, 10, true],
  ])("of %i events of %i characters is full: %s", async (count, size, isFull) => {
    const task = await createJobHarness().submit();
    const text = "x".repeat(size);
    const pending_events = Array.from({ length: count }, (_, index) => anEvent(index, text));
    expect(isOutboxFull({ ...task, pending_events })).toBe(isFull);
  });

  test("that is full takes no executor's progress as an event, and the progress all the same", async () => {
    const { ctx, submit } = createJobHarness();
    const progress = { completed: 1, total: null, unit: "steps", message: null };
    const pending_events = Array.from({ length: 1000 }, (_, index) => anEvent(index));
    const task = { ...(await submit()), status: "IN_PROGRESS" as const };
    expect(planReport(ctx, task, { progress }).intent.events).toHaveLength(1);
    const { intent } = planReport(ctx, { ...task, pending_events }, { progress });
    expect(intent).toMatchObject({ events: [], patch: { progress } });
  });

  test("that is full holds a job up, until it is dispatched", async () => {
    const h = createJobHarness();
    const { _id, pending_events } = await h.submit();
    const steps: number[] = [];
    h.script.onStep = (step) => void steps.push(step);
    const full = Array.from({ length: 1000 }, (_, index) => anEvent(index + 2));
    await h.gateway.updateOne("tasks", { _id }, { $set: { pending_events: full } });
    expect(await h.deliverNext()).toMatchObject({ kind: "continued" });
    expect(steps).toEqual([]);
    expect(h.world.queue).toMatchObject([{ options: { delaySeconds: 30 } }]);
    await h.gateway.updateOne("tasks", { _id }, { $set: { pending_events } });
    while ((await h.deliverNext()) !== null);
    expect(await h.task(_id)).toMatchObject({ status: "COMPLETED" });
    expect(steps).toEqual([1, 2, 3]);
  });
});

test("a task's additional data is bounded over all reports", async () => {
  const { ctx, submit } = createJobHarness();
  const task = { ...(await submit()), status: "IN_PROGRESS" as const };
  const half = { text: "x".repeat(140_000) };
  const first = planReport(ctx, task, { additional_data: { one: half } }).intent.patch;
  const after = { ...task, ...first };
  expect(() => planReport(ctx, after, { additional_data: { two: half } })).toThrow(/256 KiB/);
  expect(() => planReport(ctx, after, { additional_data: { one: half } })).not.toThrow();
  expect(() => planReport(ctx, after, {})).not.toThrow();
});
