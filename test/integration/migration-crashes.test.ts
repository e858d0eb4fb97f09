import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isTerminal } from "../../src/contract/status.ts";
import type { Task } from "../../src/contract/task.ts";
import { getTask, sentence, untilEnded, untilTask } from "../support/fixtures.ts";
import {
  contentsOf,
  createMigration,
  getMigration,
  makeSource,
  migrate,
  rowsStored,
  type Source,
  start,
} from "../support/migrations.ts";
import {
  type KillableWorld,
  startKillableWorld,
  startWorld,
  type World,
} from "../support/world.ts";

/** How often an operation is tried on another connection before it is given up. */
const TRIES = 3;

let world: KillableWorld;
beforeAll(async () => {
  world = await startKillableWorld();
});
afterEach(() => world.stack.mongo?.faults.clear());
afterAll(() => world.close());

let targets = 0;
const newTarget = () => `target-${(targets += 1)}`;

/** Until the task has ended; a task that stands still is helped on as in a minute or two of real time. */
async function untilEndedSomehow(at: World, source: Source, taskId: string): Promise<Task> {
  let before = "";
  for (let looks = 0; looks < 200; looks += 1) {
    const task = await getTask(source.api, taskId);
    if (isTerminal(task.status)) return task;
    const now = `${task.version} ${at.mongo.operations.all().length}`;
    if (now === before) await at.runMinuteCron(181_000).catch(() => "it runs again below");
    before = now;
    await sleep(50);
  }
  throw new Error(`the task ${taskId} does not end`);
}

/** The writes of all since so many operations, as `update documents`. */
function writesSince(at: World, from: number): readonly string[] {
  const operations = at.mongo.operations.all().slice(from);
  return operations.filter((one) => one.isWrite).map(({ name, target }) => `${name} ${target}`);
}

/** Fails at the first write of documents, where its runner dies in its only attempt. */
async function failed(source: Source) {
  const migration = await createMigration(world, source, newTarget());
  const reached = Promise.withResolvers<void>();
  const dead = Promise.withResolvers<void>();
  world.mongo.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "update" && target === "documents",
    action: { kind: "hold", until: dead.promise },
    onAct: () => reached.resolve(),
  });
  const { task_id } = await start(world, migration, { max_attempts: 1 });
  await reached.promise;
  await world.restartWorker();
  world.stack.mongo?.faults.clear();
  dead.resolve();
  await world.runMinuteCron(181_000);
  const task = await untilEnded(source.api, task_id);
  expect(task).toMatchObject({
    status: "FAILED",
    last_error: { code: "lease_expired" },
    outputs: [{ target_namespace_id: migration.target_namespace_id, verified: false }],
  });
  const path = `/v1/namespaces/${migration.target_name}`;
  expect((await world.api.get(path)).body["status"]).toBe("DRAFT");
  return { migration, task, path };
}

/** Starts a migration whose copying stands still at the objects, when its buckets are copied. */
async function half(source: Source) {
  const migration = await createMigration(world, source, newTarget());
  world.mongo.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "update" && target === "objects",
    action: { kind: "delay", ms: 1500 },
    times: 1,
  });
  const task = await start(world, migration);
  for (;;) {
    const rows = await rowsStored(world, migration.target_namespace_id);
    if ((rows["buckets"] ?? 0) > 0) break;
    await sleep(20);
  }
  const target = world.api.as({ namespace: migration.target_name });
  const done = async () => {
    expect(await untilEnded(source.api, task.task_id)).toMatchObject({ status: "COMPLETED" });
    return contentsOf(target);
  };
  return { migration, task, done };
}

/** How many worlds share a sweep: a run mostly waits for its next attempt. */
const LANES = 3;

type Phase = "before" | "after";

/** Cuts every third write of a run off, from the `lane`th on, and tells what didn't end as it should. */
async function sweep(phase: Phase, lane: number) {
  const own = await startWorld();
  const source = await makeSource(own);
  const from = own.mongo.operations.all().length;
  const clean = await migrate(own, source, newTarget());
  await own.stack.qstash.idle();
  const writes = writesSince(own, from);
  expect(writes).toContain("insert namespaces");
  expect(writes).toContain("update migrations");
  const contents = await contentsOf(source.api);
  const stored = await rowsStored(own, clean.migration.target_namespace_id);
  const failures: string[] = [];
  let points = 0;
  let heldUp = 0;
  // The first two are the migration and the task, without which there is no run.
  for (let skip = 2 + lane; skip < writes.length; skip += LANES) {
    const migration = await createMigration(own, source, newTarget());
    const lift = own.mongo.faults.add({
      phase,
      match: ({ isWrite }) => isWrite,
      action: { kind: "cut" },
      skip: skip - 1,
      times: TRIES,
    });
    const { task_id } = await start(own, migration, { max_attempts: 20 });
    const ended = await untilEndedSomehow(own, source, task_id);
    lift();
    points += 1;
    if (ended.last_error !== null) heldUp += 1;
    const target = own.api.as({ namespace: migration.target_name });
    try {
      expect(ended).toMatchObject({
        status: "COMPLETED",
        killable: false,
        outputs: [{ copied: stored }],
      });
      expect(await contentsOf(target)).toEqual(contents);
      expect(await rowsStored(own, migration.target_namespace_id)).toEqual(stored);
    } catch (error) {
      failures.push(`${skip} ${writes[skip]}: ${String(error).slice(0, 500)}`);
    }
  }
  await own.close();
  return { failures, points, heldUp };
}

describe("a connection that breaks for good", () => {
  it.concurrent.each(["before", "after"] as const)(
    "%s any of a run's writes leaves a migration that ends with the same target",
    async (phase) => {
      const lanes = await Promise.all(
        Array.from({ length: LANES }, (_, lane) => sweep(phase, lane)),
      );
      const sum = (field: "points" | "heldUp") => lanes.reduce((all, lane) => all + lane[field], 0);
      expect(lanes.flatMap(({ failures }) => failures)).toEqual([]);
      // Most of them really did hold an attempt up, or end it when cron came before the runner could say so.
      expect(sum("heldUp")).toBeGreaterThan(sum("points") * 0.5);
    },
    180_000,
  );
});

describe("a run that has FAILED", () => {
  it("is followed by one that goes on with the same target, by another start or a retry", async () => {
    const source = await makeSource(world);
    const started = await failed(source);
    const again = await start(world, started.migration);
    expect(again.task_id).not.toBe(started.task.task_id);
    await untilEnded(source.api, again.task_id);
    const retried = await failed(source);
    const retry = await source.api.post(`/v1/tasks/${retried.task.task_id}/retry`).expect(202);
    for (const [migration, taskId] of [
      [started.migration, again.task_id],
      [retried.migration, String(retry.body["task_id"])],
    ] as const) {
      const ended = await untilEnded(source.api, taskId);
      expect(ended).toMatchObject({
        status: "COMPLETED",
        outputs: [{ target_namespace_id: migration.target_namespace_id, verified: true }],
      });
      const target = world.api.as({ namespace: migration.target_name });
      expect(await contentsOf(target)).toEqual(await contentsOf(source.api));
    }
  });

  it("leaves a target that can be deleted whole, and made anew by another start", async () => {
    const source = await makeSource(world);
    const { migration, path } = await failed(source);
    expect(await rowsStored(world, migration.target_namespace_id)).toMatchObject({ objects: 5 });
    await world.api.delete(path).expect(204);
    const left = Object.values(await rowsStored(world, migration.target_namespace_id));
    expect(left.filter((count) => count > 0)).toEqual([]);
    expect((await world.api.get(path)).status).toBe(404);
    const { task_id } = await start(world, migration);
    expect(await untilEnded(source.api, task_id)).toMatchObject({ status: "COMPLETED" });
  });
});

describe("a worker that is killed while it copies", () => {
  it("is followed by one that goes on with the same target", async () => {
    const source = await makeSource(world, 600);
    const migration = await createMigration(world, source, newTarget());
    const lift = world.mongo.faults.add({
      phase: "after",
      match: ({ name, target }) => name === "update" && target === "documents",
      action: { kind: "delay", ms: 1500 },
    });
    const task = await start(world, migration, { max_attempts: 20 });
    await untilTask(source.api, task.task_id, ({ progress }) => (progress?.completed ?? 0) > 0);
    await world.restartWorker();
    lift();
    const ended = await untilEndedSomehow(world, source, task.task_id);
    expect(ended.status).toBe("COMPLETED");
    expect(ended.attempt).toBeGreaterThan(1);
    const target = world.api.as({ namespace: migration.target_name });
    expect(await contentsOf(target)).toEqual(await contentsOf(source.api));
  });
});

describe("what is written to the source while it is copied", () => {
  it("is in the target too: what was made, what was labelled anew, and what was deleted", async () => {
    const source = await makeSource(world);
    const { api, batch } = source;
    const { migration, done } = await half(source);
    await api.post("/v1/buckets", { name: "late" }).expect(201);
    const late = { content: { text: sentence(77) } };
    await api.post(`/v1/buckets/${batch.bucketId}/objects`, late).expect(201);
    await api.delete(`/v1/buckets/${batch.bucketId}/objects/${batch.objectIds[0]}`).expect(204);
    await api.post("/v1/taxonomies", { name: "more", nodes: [{ node_id: "a", label: "A" }] });
    const again = await api.post(`/v1/clusters/${source.clusterId}/execute`).expect(202);
    await untilEnded(api, String(again.body["task_id"]));
    const contents = await done();
    expect(contents).toEqual(await contentsOf(api));
    expect(await getMigration(world, migration)).toMatchObject({
      copied: { buckets: 2, objects: 5, documents: 3, cluster_models: 2, taxonomies: 2 },
    });
  });

  it("may take the name of what was copied and deleted: the target has the new one", async () => {
    const source = await makeSource(world);
    const { api } = source;
    await api.post("/v1/buckets", { name: "spare" }).expect(201);
    const { done } = await half(source);
    await api.delete("/v1/buckets/spare").expect(204);
    await api.post("/v1/buckets", { name: "spare", metadata: { second: true } }).expect(201);
    const contents = await done();
    expect(JSON.stringify(contents)).toContain('"second":true');
    expect(contents).toEqual(await contentsOf(api));
  });
});
