import { expect } from "vitest";
import { pageOf } from "../../../src/contract/common.ts";
import { Task } from "../../../src/contract/task.ts";
import type { Api } from "../../support/api.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectConsistent } from "../support/invariants.ts";
import { holdBack, makeCase } from "../support/scenario-parts.ts";
import { documentsOf, historyOf, isSettled } from "../support/task-state.ts";

const MINUTE_MS = 60_000;
const OBJECTS = 3;

type Scheduled = {
  readonly api: Api;
  readonly collectionId: string;
  readonly scheduleId: string;
  readonly dueMs: number;
  readonly release: () => void;
};

async function tasksIn(api: Api): Promise<readonly Task[]> {
  return pageOf(Task).parse((await api.post("/v1/tasks/list", {}).expect(200)).body).results;
}

/** P1 and P7 of a firing: whatever dies while it is carried out, it makes one task, which ends. */
export const firing: Scenario<Scheduled> = {
  name: "a firing",
  disturbed: "act",
  prepare: async (simulation) => {
    const { api, batch } = await makeCase(simulation, OBJECTS);
    // Once, and again in a year.
    const dueMs = (Math.floor(simulation.clock.now() / MINUTE_MS) + 2) * MINUTE_MS;
    const due = new Date(dueMs);
    const cron = `${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`;
    const { bucketId: bucket_id, collectionId: collection_id } = batch;
    const submission = { kind: "bucket", bucket_id, collection_id };
    const made = await api.post("/v1/schedules", { name: "once", cron, submission }).expect(201);
    const release = holdBack(simulation, "job");
    const scheduleId = String(made.body["schedule_id"]);
    return { api, collectionId: collection_id, scheduleId, dueMs, release };
  },
  act: async ({ clock, qstash }, { dueMs }) => {
    await clock.advanceTo(dueMs);
    await qstash.idle();
  },
  release: ({ release }) => Promise.resolve(release()),
  isSettled: async ({ api }) => {
    const [task] = await tasksIn(api);
    return task !== undefined && isSettled(api, task.task_id);
  },
  check: async ({ api, collectionId, scheduleId }) => {
    const tasks = await tasksIn(api);
    expect(tasks).toHaveLength(1);
    const task_id = tasks[0]?.task_id ?? "";
    const history = await historyOf(api, task_id);
    expect(history.status).toBe("COMPLETED");
    expect(history.entries[0]?.actor).toBe(scheduleId);
    expectConsistent(history);
    expect(await documentsOf(api, collectionId)).toHaveLength(OBJECTS);
    const shown = await api.get(`/v1/schedules/${scheduleId}`).expect(200);
    expect(shown.body).toMatchObject({ last_task_id: task_id, last_error: null });
  },
};
