import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FaultRule } from "../../local/faults.ts";
import { drivenClock } from "../../local/qstash/clock.ts";
import type { Cluster } from "../../src/contract/cluster.ts";
import type { Api } from "../support/api.ts";
import {
  documentsOf,
  execute,
  getCluster,
  indexesOf,
  makeCluster,
  makeCollection,
} from "../support/clusters.ts";
import { untilEnded } from "../support/fixtures.ts";
import { startKillableWorld, type KillableWorld } from "../support/world.ts";

/** Longer than a kill takes to be accepted. */
const HELD_MS = 500;

const clock = drivenClock(Date.now());
let world: KillableWorld;
let client: MongoClient;
beforeAll(async () => {
  world = await startKillableWorld({ clock, vars: { HEARTBEAT_INTERVAL_MS: "1" } });
  client = new MongoClient(String(world.stack.vars["MONGODB_URI"]));
});
afterEach(() => world.stack.mongo?.faults.clear());
afterAll(async () => {
  await client.close();
  await world.close();
});

/** A write of a run to its own documents: each step has one or two. */
const isRunWrite: FaultRule["match"] = ({ name, target }) =>
  name === "update" && target === "cluster_models";

const isMark: FaultRule["match"] = ({ name, target }) =>
  name === "update" && target === "documents";

/** Resolves when the rule meets its operation for the first time. */
function addFault(rule: Omit<FaultRule, "phase"> & { phase?: FaultRule["phase"] }): Promise<void> {
  return new Promise((resolve) => {
    let left = rule.skip ?? 0;
    world.mongo.faults.add({
      phase: "before",
      times: 1,
      ...rule,
      match: (operation) => {
        const isIt = rule.match(operation);
        if (isIt && left-- === 0) resolve();
        return isIt;
      },
    });
  });
}

async function runsOf(cluster: Cluster): Promise<unknown[]> {
  const runs = client.db(world.database).collection("cluster_models");
  const found = await runs.find({ cluster_id: cluster.cluster_id }).toArray();
  return found.map((run) => run._id);
}

/** A cluster of 30 documents with results. */
async function completed(api: Api) {
  const collectionId = await makeCollection(api, 30);
  const cluster = await makeCluster(api, { collection_ids: [collectionId] });
  const { task_id } = await execute(api, cluster);
  expect(await untilEnded(api, task_id)).toMatchObject({ status: "COMPLETED" });
  const shown = async () => ({
    groups: (await getCluster(api, cluster)).clusters,
    indexes: indexesOf(await documentsOf(api, collectionId), cluster),
  });
  return { cluster, collectionId, taskId: task_id, shown };
}

describe("a killed run", () => {
  // scan, scan, deal, deal, seed, train …, assign, describe, and the last one of all.
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    "leaves the results and assignments before it, and nothing else, when killed at its write %i",
    async (skip) => {
      const api = await world.inNamespace();
      const { cluster, taskId, shown } = await completed(api);
      const before = await shown();
      const held = addFault({ match: isRunWrite, skip, action: { kind: "delay", ms: HELD_MS } });
      const second = await execute(api, cluster);
      await held;
      await api.post(`/v1/tasks/${second.task_id}/kill`, {}).expect(202);
      expect(await untilEnded(api, second.task_id)).toMatchObject({
        status: "CANCELED",
        outputs: null,
      });
      expect(await shown()).toEqual(before);
      expect(await getCluster(api, cluster)).toMatchObject({
        status: "CANCELED",
        task_id: second.task_id,
        result_task_id: taskId,
      });
      expect(await runsOf(cluster)).toEqual([taskId]);
    },
  );

  it("among the assignments shows none of its own, and the next one does without them", async () => {
    const api = await world.inNamespace();
    const { cluster, shown } = await completed(api);
    const before = await shown();
    const held = addFault({
      phase: "after",
      match: isMark,
      action: { kind: "delay", ms: HELD_MS },
    });
    const second = await execute(api, cluster);
    await held;
    await api.post(`/v1/tasks/${second.task_id}/kill`, {}).expect(202);
    expect(await shown()).toEqual(before);
    await untilEnded(api, second.task_id);
    expect(await shown()).toEqual(before);

    const third = await execute(api, cluster);
    expect(await untilEnded(api, third.task_id)).toMatchObject({ status: "COMPLETED" });
    expect((await shown()).indexes).toEqual(before.indexes);
    const documents = client.db(world.database).collection("documents");
    const path = `enrichments.clusters.${cluster.cluster_id}`;
    expect(
      await documents.countDocuments({ [`${path}.${third.task_id}`]: { $exists: true } }),
    ).toBe(30);
    expect(
      await documents.countDocuments({ [`${path}.${second.task_id}`]: { $exists: true } }),
    ).toBe(0);
  });
});

describe("a run on a bad day", () => {
  it.each(["before", "after"] as const)(
    "comes to the same result when MongoDB cuts off every third of its writes, %s it",
    async (phase) => {
      const api = await world.inNamespace();
      const { cluster, shown } = await completed(api);
      const before = await shown();
      let writes = 0;
      world.mongo.faults.add({
        phase,
        match: (operation) => {
          const isOurs = isRunWrite(operation) || isMark(operation);
          if (isOurs) writes += 1;
          return isOurs && writes % 3 === 0;
        },
        action: { kind: "cut" },
      });
      const second = await execute(api, cluster);
      expect(await untilEnded(api, second.task_id)).toMatchObject({ status: "COMPLETED" });
      expect(writes).toBeGreaterThan(6);
      expect(await shown()).toEqual(before);
    },
  );

  it("comes to the same result when the worker is killed among the assignments", async () => {
    const api = await world.inNamespace();
    const { cluster, shown } = await completed(api);
    const before = await shown();
    const held = addFault({
      phase: "after",
      match: isMark,
      action: { kind: "delay", ms: HELD_MS },
    });
    const second = await execute(api, cluster);
    await held;
    await world.restartWorker();
    expect(await shown()).toEqual(before);
    await world.runMinuteCron(120_000);
    await clock.advanceBy(600_000);
    expect(await untilEnded(api, second.task_id)).toMatchObject({ status: "COMPLETED" });
    expect(await shown()).toEqual(before);
  });

  it("fails clearly when its collection is deleted under it, and keeps what was before", async () => {
    const api = await world.inNamespace();
    const { cluster, collectionId, taskId } = await completed(api);
    const { clusters } = await getCluster(api, cluster);
    const held = addFault({
      match: isRunWrite,
      skip: 4,
      action: { kind: "delay", ms: HELD_MS },
    });
    const second = await execute(api, cluster);
    await held;
    await api.delete(`/v1/collections/${collectionId}`).expect(204);
    expect(await untilEnded(api, second.task_id)).toMatchObject({
      status: "FAILED",
      last_error: { code: "collection_not_found", retryable: false },
    });
    expect(await getCluster(api, cluster)).toMatchObject({
      status: "FAILED",
      result_task_id: taskId,
      clusters,
    });
    expect(await runsOf(cluster)).toEqual([taskId]);
    const third = await execute(api, cluster);
    expect(await untilEnded(api, third.task_id)).toMatchObject({
      last_error: { code: "collection_not_found" },
    });
  });

  it("shows the first run's results, late, when nobody could write them on the cluster", async () => {
    const api = await world.inNamespace();
    const cluster = await makeCluster(api, { collection_ids: [await makeCollection(api, 9)] });
    // The write that shows COMPLETED is the only one of the run's end on the cluster.
    const lift = world.mongo.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "findAndModify" && target === "clusters",
      action: { kind: "refuse" },
      skip: 2,
    });
    const first = await execute(api, cluster);
    await untilEnded(api, first.task_id);
    lift();
    const second = await execute(api, cluster, { delay: 3600 });
    await world.runMinuteCron(60_000);
    await world.stack.qstash.idle();
    expect(await getCluster(api, cluster)).toMatchObject({
      status: "PENDING",
      task_id: second.task_id,
      result_task_id: first.task_id,
      num_clusters: 3,
    });
  });
});
