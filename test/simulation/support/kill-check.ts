import { expect } from "vitest";
import type { TaskRecord } from "../../../src/ports/task-store.ts";
import type { Trial, TrialKind } from "./kill-trial.ts";

/** What must hold after a kill, whatever went wrong meanwhile. How often what it is about happened. */
export function checkKill(kind: TrialKind, trial: Trial): Readonly<Record<string, number>> {
  expectStopped(trial);
  if (kind === "cluster") expectTidied(trial);
  expectToldTruly(kind, trial);
  const tasks = [trial.target, ...trial.children];
  return {
    canceled: trial.target.status === "CANCELED" ? 1 : 0,
    "taken over": tasks.filter((task) => wasTakenOver(task)).length,
    lost: tasks.filter((task) => wasLost(task)).length,
    crashes: trial.world.counts.crashes,
  };
}

function expectStopped({ world, target, children, kill }: Trial): void {
  const late = world.writes.filter(({ status }) => ["CANCELED", "FAILED"].includes(status));
  expect(late).toEqual([]);
  if (kill === "refused") return;
  expect(target).toMatchObject({ status: "CANCELED", error_message: null });
  expect(target.cancel?.acknowledged_at).not.toBeNull();
  for (const child of children) {
    if (child.cancel === null) expect(child.status).toBeOneOf(["COMPLETED", "FAILED"]);
    else expect(child.status).toBe("CANCELED");
    // Spared is only who had ended when the parent was killed, or before the kill reached it.
    if (child.cancel === null) expect(child.completed_at).not.toBeNull();
  }
}

/**
 * A run that was killed is gone with all its parts: the undo was done, and nothing written after it.
 * What a runner left that died before its first checkpoint goes with the next run.
 */
function expectTidied({ world, target }: Trial): void {
  if (target.status !== "CANCELED" || isDisturbed(world, target)) return;
  const left = world.database
    .rows("cluster_models")
    .filter((row) => "task_id" in row && row.task_id === target._id);
  expect(left).toEqual([]);
}

/**
 * Outputs and documents are the same for every batch that was killed, and for whatever wasn't
 * disturbed; labels of a runner that died are stored and not told. Of a cluster's places only those
 * are looked at that are shown.
 */
function expectToldTruly(kind: TrialKind, { world, target, children }: Trial): void {
  for (const task of [target, ...children]) {
    const own = task._id === target._id ? kind : "batch";
    const isBatch = own === "batch";
    const stored = STORED[own](world, task);
    const told = toldBy(task, own);
    if (isDisturbed(world, task) && !(isBatch && task.status === "CANCELED"))
      expect(told).toBeLessThanOrEqual(stored);
    else expect(told).toBe(stored);
  }
}

const STORED = { batch: documentsOf, taxonomy: labelsOf, cluster: placesOf };

function documentsOf(world: Trial["world"], task: TaskRecord): number {
  return world.database
    .rows("documents")
    .filter((row) => "task_id" in row && row.task_id === task._id).length;
}

function placesOf(world: Trial["world"], task: TaskRecord): number {
  const [cluster] = world.database.rows("clusters");
  const isShown = cluster !== undefined && "result_task_id" in cluster;
  if (!isShown || cluster.result_task_id !== task._id) return 0;
  const isPlaced = (row: object) =>
    "enrichments" in row && JSON.stringify(row.enrichments).includes(task._id);
  return world.database.rows("documents").filter(isPlaced).length;
}

function labelsOf(world: Trial["world"], task: TaskRecord): number {
  const field = String(task.resource_id);
  const isLabelled = (row: object) =>
    "enrichments" in row && JSON.stringify(row.enrichments).includes(field);
  return world.database.rows("documents").filter(isLabelled).length;
}

/** The outputs that count what was written. */
const TOLD: Readonly<Record<TrialKind, readonly string[]>> = {
  batch: ["documents_written"],
  taxonomy: ["documents_labelled", "documents_below_threshold"],
  cluster: ["documents_assigned"],
};

function toldBy({ outputs }: TaskRecord, kind: TrialKind): number {
  const [output] = outputs ?? [];
  if (typeof output !== "object") return 0;
  return TOLD[kind].reduce((sum, field) => sum + Number(output[field]), 0);
}

function wasLost({ history }: TaskRecord): boolean {
  return history.some(({ kind }) => kind === "rejected");
}

function isDisturbed(world: Trial["world"], task: TaskRecord): boolean {
  return task.attempt > 1 || world.crashed.has(task._id) || wasTakenOver(task);
}

function wasTakenOver({ history }: TaskRecord): boolean {
  return history.some(({ actor, kind }) => actor === "reaper" || kind === "rejected");
}
