import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FaultAction } from "../../local/faults.ts";
import { getTask, submit } from "../support/fixtures.ts";
import { expectEnded, expectReceived } from "./support/invariants.ts";
import { holdBack, makeCase, subscribe } from "./support/scenario-parts.ts";
import { drainQueue, passTimeUntil, type Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";
import { isSettled, tasksFor } from "./support/task-state.ts";
import { type ServiceName, serviceOf } from "./support/write-points.ts";

let simulation: Simulation;
beforeAll(async () => {
  simulation = await startVirtualSimulation();
});
afterEach(() => {
  for (const name of ["mongodb", "redis", "qstash"] as const) {
    serviceOf(simulation, name).faults.clear();
  }
});
afterAll(() => simulation.close());

/** Down: connections break, or every request is refused. */
const WAYS: readonly FaultAction[] = [{ kind: "cut" }, { kind: "refuse" }];

function takeDown(service: ServiceName, action: FaultAction): () => void {
  return serviceOf(simulation, service).faults.add({ phase: "before", match: () => true, action });
}

const COMPLETED = { status: "COMPLETED", documents: "all" } as const;

describe.each(WAYS)("Redis down ($kind)", (way) => {
  it("submits are accepted, jobs end, events arrive, and polls come from MongoDB", async () => {
    const { api, batch } = await makeCase(simulation, 60, "chosen");
    const endpoint = await subscribe(simulation, api);
    const restore = takeDown("redis", way);
    const { task_id } = await submit(api, batch);
    const polled = await api.get(`/v1/tasks/${task_id}`).expect(200);
    expect(polled.headers.get("X-Waybill-Source")).toBe("history");
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    expect((await getTask(api, task_id)).status).toBe("COMPLETED");
    restore();
    await drainQueue(simulation);
    await expectEnded(api, batch, COMPLETED);
    await expectReceived(api, task_id, endpoint);
  });

  it("and back again: an old copy that it kept is believed for five minutes at most", async () => {
    const { api, batch } = await makeCase(simulation, 3);
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(api, batch);
    const restore = takeDown("redis", way);
    release();
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    restore();
    await drainQueue(simulation);
    const polled = await getTask(api, task_id);
    expect(["PENDING", "COMPLETED"]).toContain(polled.status);
    expect(await copyLifetimeSeconds(task_id)).toBeLessThanOrEqual(300);
    await simulation.redis.flush();
    await expectEnded(api, batch, COMPLETED);
  });
});

/** How long the hot copy of a task will still be there; 0 without one. */
async function copyLifetimeSeconds(taskId: string): Promise<number> {
  const { redis } = simulation;
  const keys = await redis.command("KEYS", `*${taskId}`);
  const [key] = Array.isArray(keys) ? keys : [];
  return key === undefined ? 0 : Number(await redis.command("TTL", String(key)));
}

describe.each(WAYS)("MongoDB down ($kind)", (way) => {
  it("cached polls go on, submits get 503 and leave nothing, and all ends once it is back", async () => {
    const { api, batch } = await makeCase(simulation, 3);
    const other = await makeCase(simulation, 3);
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(api, batch);
    const restore = takeDown("mongodb", way);

    const polled = await api.get(`/v1/tasks/${task_id}`).expect(200);
    expect(polled.headers.get("X-Waybill-Source")).toBe("cache");
    const refused = await other.api.post(`${other.batch.path}/submit`, {}).expect(503);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(refused.headers.get("Content-Type")).toContain("application/problem+json");
    expect(refused.body).toMatchObject({ code: "store_unavailable", status: 503 });
    // The job's message comes while the database is away, and so does a run of cron.
    release();
    await simulation.qstash.idle();
    await simulation.runCron().catch(() => "as expected");

    restore();
    expect(await tasksFor(other.api, other.batch.batchId)).toEqual([]);
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await submit(other.api, other.batch);
    await passTimeUntil(simulation, async () => {
      const [task] = await tasksFor(other.api, other.batch.batchId);
      return task !== undefined && isSettled(other.api, task.task_id);
    });
    await drainQueue(simulation);
    await expectEnded(api, batch, COMPLETED);
    await expectEnded(other.api, other.batch, COMPLETED);
  });
});

describe.each(WAYS)("QStash down ($kind)", (way) => {
  it("submits are accepted, and cron has jobs, continuations and events go out once it is back", async () => {
    const { api, batch } = await makeCase(simulation, 60, "chosen");
    const endpoint = await subscribe(simulation, api);
    const restore = takeDown("qstash", way);
    const { task_id } = await submit(api, batch);
    await simulation.clock.advanceBy(61_000);
    await simulation.runCron().catch(() => "as expected");
    expect((await getTask(api, task_id)).status).toBe("PENDING");
    restore();
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);
    await expectEnded(api, batch, COMPLETED);
    await expectReceived(api, task_id, endpoint);
  });

  it("a kill is accepted and carried out", async () => {
    const { api, batch } = await makeCase(simulation, 3);
    const restore = takeDown("qstash", way);
    const { task_id } = await submit(api, batch);
    await api.post(`/v1/tasks/${task_id}/kill`).expect(202);
    restore();
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await expectEnded(api, batch, { status: "CANCELED", documents: "as told" });
  });
});
