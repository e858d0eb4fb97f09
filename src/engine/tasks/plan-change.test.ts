import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryGateway } from "../../../test/webhooks/memory-gateway.ts";
import { taskRecord } from "../../../test/jobs/task-record.ts";
import { isTerminal, type TaskStatus, TaskStatusEnum } from "../../contract/status.ts";
import { createNewId } from "../../ids.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { createTaskStore } from "../../stores/mongo/tasks.ts";
import { type Intent, planChange } from "./plan-change.ts";
import { mayBecome, TRANSITIONS } from "./transitions.ts";

/** A clock that advances by a second each time it is read. */
function createRuntime() {
  let nowMs = Date.parse("2026-11-24T02:00:00.000Z");
  const now = () => new Date((nowMs += 1_000));
  return { now, newId: createNewId(now) };
}

function intentTo(to: TaskStatus, change: Partial<Intent> = {}): Intent {
  return { to, kind: "status", actor: "test", reason: null, patch: {}, events: [], ...change };
}

const anyStatus = fc.constantFrom(...TaskStatusEnum.options);
const anyEvents = fc.array(fc.constant({ type: "task.progressed", data: {} }), { maxLength: 3 });

/**
 * One writer's move: the target status, the events, and whether it starts from the current task or
 * an earlier one.
 */
const anyMove = fc.record({
  to: anyStatus,
  events: anyEvents,
  /** How many versions ago the writer read the task. */
  staleBy: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(4)),
  /** Whether it holds a lease that the task no longer has. */
  hasOldLease: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  takesLease: fc.boolean(),
});

describe("a change of a task", () => {
  it("is refused, whatever the walk, when it is illegal, late or without the lease; otherwise it adds one version", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<TaskStatus>("PENDING", "PROCESSING", "IN_PROGRESS", "SUSPENDED"),
        fc.array(anyMove, { minLength: 1, maxLength: 30 }),
        async (status, moves) => {
          const runtime = createRuntime();
          let writes = 0;
          const store = createTaskStore(createMemoryGateway(), () => `write-${(writes += 1)}`);
          const first = taskRecord({ status });
          await store.insert(first);
          const seen = [(await store.get(first._id)) ?? first];
          for (const [step, move] of moves.entries()) {
            const present = seen.at(-1) ?? taskRecord();
            const known = seen.at(-1 - Math.min(move.staleBy, seen.length - 1)) ?? present;
            const base = move.hasOldLease ? { ...known, lease_token: "lost long ago" } : known;
            const lease = move.takesLease ? `lease-${step}` : null;
            const intent = intentTo(move.to, {
              patch: { lease_token: lease },
              events: move.events,
            });
            const isLegal =
              !isTerminal(base.status) &&
              (base.status === move.to || mayBecome(base.status, move.to));
            if (!isLegal) {
              expect(() => planChange(base, intent, runtime)).toThrow();
              continue;
            }
            const written = await store.change(planChange(base, intent, runtime));
            const after = await store.get(present._id);
            if (known !== present || move.hasOldLease) {
              expect(written).toBeNull();
              expect(after).toEqual(present);
              continue;
            }
            expect(after).toEqual(written);
            expectSuccessor(present, after);
            if (after !== null) seen.push(after);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("creates the one event of a status that has one, and none for a pause or another attempt", () => {
    const made = Object.entries(TRANSITIONS).flatMap(([from, targets]) =>
      targets.map((to) => {
        const task = taskRecord({ status: TaskStatusEnum.parse(from) });
        const types = planChange(task, intentTo(to), createRuntime()).events.map(
          ({ type }) => type,
        );
        return `${to}: ${types.join() || "none"}`;
      }),
    );
    expect([...new Set(made)].toSorted()).toEqual([
      "ACTIVE: none",
      "ARCHIVED: none",
      "CANCELED: task.canceled",
      "COMPLETED: task.completed",
      "FAILED: task.failed",
      "IN_PROGRESS: none", // back from UNKNOWN: it was started long ago
      "IN_PROGRESS: task.started",
      "PENDING: none",
      "PROCESSING: task.started",
      "SKIPPED: task.skipped",
      "SUSPENDED: none",
      "UNKNOWN: none",
    ]);
  });

  it("shows the task after the change in each event, and puts the change's own event last", () => {
    const task = taskRecord({ status: "PROCESSING", version: 4, sequence: 6 });
    const { events } = planChange(
      task,
      intentTo("COMPLETED", {
        patch: { outputs: ["out"] },
        events: [{ type: "collection.documents.written", data: { documents_written: 3 } }],
      }),
      createRuntime(),
    );
    expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([
      ["collection.documents.written", 7],
      ["task.completed", 8],
    ]);
    const shown = { status: "COMPLETED", outputs: ["out"], version: 5, sequence: 8 };
    expect(events[0]?.data).toMatchObject({ documents_written: 3, task: shown });
    expect(events[1]?.data).toMatchObject({ task: shown });
  });

  it("leaves no line of history when it has no kind, and keeps the oldest event's time in the outbox", () => {
    const since = new Date("2026-11-24T01:30:00.000Z");
    const task = taskRecord({ status: "PROCESSING", outbox_at: since });
    const change = planChange(
      task,
      intentTo("PROCESSING", { kind: null, events: [{ type: "task.progressed", data: {} }] }),
      createRuntime(),
    );
    expect(change.history).toEqual([]);
    expect(change.patch.outbox_at).toEqual(since);
  });

  it("ends with no lease, no relay and a time", () => {
    const task = taskRecord({ status: "PROCESSING", lease_token: "held" });
    const { patch } = planChange(task, intentTo("FAILED"), createRuntime());
    expect(patch).toMatchObject({ lease_token: null, lease_expires_at: null, relay_at: null });
    expect(patch.completed_at).toBeInstanceOf(Date);
  });
});

/** What holds between any two versions of a task. */
function expectSuccessor(before: TaskRecord, after: TaskRecord | null): void {
  if (after === null) throw new Error("the task is gone");
  expect(after.version).toBe(before.version + 1);
  expect(after.updated_at.getTime()).toBeGreaterThan(before.updated_at.getTime());
  expect(after.pending_events.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: after.sequence }, (_, index) => index + 1),
  );
  expect(after.history).toHaveLength(before.history.length + 1);
  expect(after.history.at(-1)).toMatchObject({ from: before.status, to: after.status });
  expect(after.completed_at !== null).toBe(isTerminal(after.status));
  if (isTerminal(after.status)) expect(after.lease_token).toBeNull();
}
