import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { Cluster } from "../../src/contract/cluster.ts";
import { execute, getCluster } from "../support/clusters.ts";
import { submit, untilEnded, untilTask } from "../support/fixtures.ts";
import {
  contentsOf,
  createMigration,
  getMigration,
  makeSource,
  migrate,
  start,
} from "../support/migrations.ts";
import { expectProblem } from "../support/problems.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => world.stack.mongo?.faults.clear());
afterAll(() => world.close());

let targets = 0;
const newTarget = () => `target-${(targets += 1)}`;

/** Holds each command of a kind on a collection for so many milliseconds. */
const hold = (name: string, target: string, ms: number, rule: object = {}) =>
  world.mongo.faults.add({
    phase: "before",
    match: (operation) => operation.name === name && operation.target === target,
    action: { kind: "delay", ms },
    ...rule,
  });

const History = z.object({ events: z.array(z.object({ type: z.string() })) });

describe("a migration", () => {
  it("copies all that a namespace holds into a new one, which lists the same in the same order", async () => {
    const source = await makeSource(world);
    const name = newTarget();
    const { migration, task, target } = await migrate(world, source, name);
    const copied = {
      buckets: 1,
      objects: 5,
      collections: 1,
      clusters: 1,
      documents: 3,
      cluster_models: 1,
      taxonomies: 1,
    };
    expect(task).toMatchObject({
      task_type: "api_namespaces_migrations_run",
      status: "COMPLETED",
      inputs: [migration.migration_id],
      progress: { completed: 13, total: 13, unit: "rows" },
      outputs: [{ target_namespace_id: migration.target_namespace_id, copied, verified: true }],
    });
    const contents = await contentsOf(target);
    expect(contents).toEqual(await contentsOf(source.api));
    expect(JSON.stringify(contents)).toContain('"taxonomy topics":{"node_id":"ships"');
    expect(JSON.stringify(contents)).toContain('"cluster pairs":{"cluster_index":');
    expect(contents).toMatchObject({ clusters: [{ num_clusters: 2, clusters: [{}, {}] }] });
    expect((await world.api.get(`/v1/namespaces/${name}`)).body).toMatchObject({
      namespace_id: migration.target_namespace_id,
      status: "ACTIVE",
      metadata: { team: "eng" },
    });
    expect(await getMigration(world, migration)).toMatchObject({
      status: "COMPLETED",
      task_id: task.task_id,
      target_name: name,
      copied,
    });
    const history = await source.api.get(`/v1/tasks/${task.task_id}/history`).expect(200);
    const types = History.parse(history.body).events.map((event) => event.type);
    expect(types).toContain("namespace.migration.completed");
  });

  it("copies no row under the id of another one, and leaves the source as it was", async () => {
    const source = await makeSource(world);
    const before = await contentsOf(source.api);
    const { target } = await migrate(world, source, newTarget());
    const ids = async (api: typeof target) =>
      JSON.stringify([
        (await api.post("/v1/buckets/list", {}).expect(200)).body,
        (await api.post("/v1/collections/list", {}).expect(200)).body,
        (await api.post("/v1/taxonomies/list", {}).expect(200)).body,
        (await api.post("/v1/clusters/list", {}).expect(200)).body,
      ]).match(/"(bkt|col|tax|clu)_[0-9a-f]{32}"/g) ?? [];
    const copies = await ids(target);
    // The taxonomy and the cluster also name their collection.
    expect(new Set(copies).size).toBe(4);
    for (const id of await ids(source.api)) expect(copies).not.toContain(id);
    expect(await contentsOf(source.api)).toEqual(before);
  });

  it("gives a target in which a batch over the copied objects writes over the copied documents", async () => {
    const source = await makeSource(world);
    const { target } = await migrate(world, source, newTarget());
    const Ids = z.object({
      results: z.array(
        z.object({ bucket_id: z.string().optional(), collection_id: z.string().optional() }),
      ),
    });
    const first = async (path: string) =>
      Ids.parse((await target.post(path, {}).expect(200)).body).results[0];
    const bucket = (await first("/v1/buckets/list"))?.bucket_id;
    const collection_id = (await first("/v1/collections/list"))?.collection_id;
    const path = `/v1/buckets/${bucket}/batches`;
    const made = await target.post(path, { all: true, collection_id }).expect(201);
    const batch = { ...source.batch, path: `${path}/${String(made.body["batch_id"])}` };
    await untilEnded(target, (await submit(target, batch)).task_id);
    const list = await target.post(`/v1/collections/${collection_id}/documents/list`, {});
    // Three texts and the JSON object, which the source's batch came before.
    expect(list.body["results"]).toHaveLength(4);
  });

  it("gives a target in which a cluster can be executed again, and then shows its own run", async () => {
    const source = await makeSource(world);
    const { target } = await migrate(world, source, newTarget());
    const before = Cluster.parse((await target.get("/v1/clusters/pairs").expect(200)).body);
    expect(before).toMatchObject({ status: "DRAFT", task_id: null, num_clusters: 2 });
    const run = await untilEnded(target, (await execute(target, before)).task_id);
    expect(run).toMatchObject({ status: "COMPLETED" });
    expect(await getCluster(target, before)).toMatchObject({ result_task_id: run.task_id });
    // The source's shows what it did.
    const own = Cluster.parse((await source.api.get("/v1/clusters/pairs").expect(200)).body);
    expect(own).toMatchObject({ status: "COMPLETED", stats: before.stats });
    await target.delete("/v1/clusters/pairs").expect(204);
    expect(await source.api.get("/v1/clusters/pairs").expect(200)).toMatchObject({ body: own });
  });

  it("of an empty namespace, and of more rows than a step takes, is verified too", async () => {
    const empty = `source-empty`;
    await world.inNamespace(empty);
    const none = await migrate(
      world,
      { ...(await makeSource(world)), name: empty, api: world.api.as({ namespace: empty }) },
      newTarget(),
    );
    expect(none.task).toMatchObject({ status: "COMPLETED", progress: { completed: 0, total: 0 } });

    const source = await makeSource(world, 1203);
    const { task } = await migrate(world, source, newTarget());
    expect(task.outputs).toMatchObject([{ copied: { objects: 1205, documents: 1203 } }]);
  });

  it("that has been completed answers its task when it is started again, and does nothing", async () => {
    const source = await makeSource(world);
    const { migration, task, target } = await migrate(world, source, newTarget());
    await target.post("/v1/buckets", { name: "own" }).expect(201);
    expect((await start(world, migration)).task_id).toBe(task.task_id);
    await target.get("/v1/buckets/own").expect(200);
  });

  it("is one task at a time, and the same one for the same Idempotency-Key", async () => {
    const source = await makeSource(world);
    const migration = await createMigration(world, source, newTarget());
    const path = `/v1/namespaces/${source.name}/migrations/${migration.migration_id}`;
    const key = { "Idempotency-Key": "k1" };
    const first = await world.api.post(`${path}/start`, { delay: 3600 }, key).expect(202);
    const again = await world.api.post(`${path}/start`, { delay: 3600 }, key).expect(202);
    expect(again.body["task_id"]).toBe(first.body["task_id"]);
    expect((await start(world, migration)).task_id).toBe(first.body["task_id"]);
    expectProblem(await world.api.delete(path), 409, "resource_in_use");
    await source.api.post(`/v1/tasks/${String(first.body["task_id"])}/kill`).expect(202);
    await world.api.delete(path).expect(204);
    expectProblem(await world.api.get(path), 404, "not_found");
  });
});

describe("the target", () => {
  it("can't be used before it was verified, and is in service at once afterwards", async () => {
    const source = await makeSource(world);
    const name = newTarget();
    const migration = await createMigration(world, source, name);
    const lift = hold("update", "taxonomies", 1000, { times: 1 });
    const task = await start(world, migration);
    await vi.waitFor(() => world.api.get(`/v1/namespaces/${name}`).expect(200));
    const target = world.api.as({ namespace: name });
    expect((await world.api.get(`/v1/namespaces/${name}`)).body["status"]).toBe("DRAFT");
    for (const path of [
      "/v1/buckets/list",
      "/v1/tasks/list",
      `/v1/namespaces/${name}/migrations/list`,
    ]) {
      expectProblem(await target.post(path, {}), 409, "resource_in_use");
    }
    expectProblem(await target.post("/v1/buckets", { name: "b" }), 409, "resource_in_use");
    expectProblem(await world.api.delete(`/v1/namespaces/${name}`), 409, "resource_in_use");
    expect(await untilEnded(source.api, task.task_id)).toMatchObject({ status: "COMPLETED" });
    lift?.();
    await target.post("/v1/buckets", { name: "b" }).expect(201);
  });

  it("stays when the migration is deleted", async () => {
    const source = await makeSource(world);
    const { migration, target } = await migrate(world, source, newTarget());
    await world.api
      .delete(`/v1/namespaces/${source.name}/migrations/${migration.migration_id}`)
      .expect(204);
    expect(await contentsOf(target)).toEqual(await contentsOf(source.api));
  });

  it("of a name that somebody took meanwhile makes the run FAILED, and nothing is touched", async () => {
    const source = await makeSource(world);
    const name = newTarget();
    const migration = await createMigration(world, source, name);
    const other = await world.inNamespace(name);
    const task = await untilEnded(source.api, (await start(world, migration)).task_id);
    expect(task).toMatchObject({
      status: "FAILED",
      last_error: { code: "target_name_taken", details: { target_name: name } },
    });
    expect((await other.post("/v1/buckets/list", {}).expect(200)).body["results"]).toEqual([]);
    expect(await getMigration(world, migration)).toMatchObject({
      status: "FAILED",
      error_message: task.error_message,
    });
  });
});

describe("a kill", () => {
  it("before the start, or while it plans, leaves nothing behind", async () => {
    const source = await makeSource(world);
    const name = newTarget();
    const migration = await createMigration(world, source, name);
    const waiting = await start(world, migration, { delay: 3600 });
    await source.api.post(`/v1/tasks/${waiting.task_id}/kill`).expect(202);
    expect(await getMigration(world, migration)).toMatchObject({ status: "CANCELED" });

    hold("aggregate", "taxonomies", 1000);
    const planning = await start(world, migration);
    await untilTask(source.api, planning.task_id, ({ status }) => status === "PROCESSING");
    await source.api.post(`/v1/tasks/${planning.task_id}/kill`).expect(202);
    const killed = await untilEnded(source.api, planning.task_id);
    expect(killed).toMatchObject({ status: "CANCELED", outputs: null });
    expectProblem(await world.api.get(`/v1/namespaces/${name}`), 404, "not_found");

    world.stack.mongo?.faults.clear();
    const again = await untilEnded(source.api, (await start(world, migration)).task_id);
    expect(again.status).toBe("COMPLETED");
  });

  it("once it copies is refused with the reason, and the migration goes on to its end", async () => {
    const source = await makeSource(world);
    const migration = await createMigration(world, source, newTarget());
    hold("update", "objects", 800, { times: 1 });
    const task = await start(world, migration);
    await untilTask(source.api, task.task_id, ({ killable }) => !killable);
    const refused = await source.api.post(`/v1/tasks/${task.task_id}/kill`);
    expect(expectProblem(refused, 409, "task_not_killable").detail).toContain("begun to copy");
    expect(await untilEnded(source.api, task.task_id)).toMatchObject({ status: "COMPLETED" });
  });
});
