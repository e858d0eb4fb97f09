import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { ClusterRow } from "../../src/contract/cluster.ts";
import { pageOf } from "../../src/contract/common.ts";
import {
  documentsOf,
  execute,
  getCluster,
  indexesOf,
  makeCluster,
  makeCollection,
} from "../support/clusters.ts";
import { getTask, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ clock: drivenClock(Date.now()) });
});
afterAll(() => world.close());

describe("clusters", () => {
  it("are listed without their groups, found by name, and deleted with their assignments", async () => {
    const api = await world.inNamespace();
    const collectionId = await makeCollection(api, 12);
    const one = await makeCluster(api, { collection_ids: [collectionId] });
    const other = await makeCluster(api, { collection_ids: [collectionId], k: 2 });
    for (const cluster of [one, other]) {
      await untilEnded(api, (await execute(api, cluster)).task_id);
    }
    const list = await api.post("/v1/clusters/list", { sort: "created_at" }).expect(200);
    const rows = pageOf(ClusterRow.strict()).parse(list.body).results;
    expect(rows.map((row) => [row.cluster_id, row.num_clusters])).toEqual([
      [one.cluster_id, 3],
      [other.cluster_id, 2],
    ]);
    const byName = await api.get(`/v1/clusters/${one.name}`).expect(200);
    expect(byName.body["cluster_id"]).toBe(one.cluster_id);

    await api.delete(`/v1/clusters/${one.name}`).expect(204);
    expect((await api.get(`/v1/clusters/${one.cluster_id}`)).status).toBe(404);
    const documents = await documentsOf(api, collectionId);
    expect(new Set(indexesOf(documents, one))).toEqual(new Set([null]));
    expect(indexesOf(documents, other)).not.toContain(null);
    await api.delete(`/v1/clusters/${other.cluster_id}`).expect(204);
    const bare = await documentsOf(api, collectionId);
    expect(bare.map((document) => document.enrichments)).toEqual(bare.map(() => ({})));
  });

  it("have unique names, and are their namespace's own", async () => {
    const api = await world.inNamespace();
    const cluster = await makeCluster(api, { collection_ids: [await makeCollection(api, 0)] });
    const { name, collection_ids } = cluster;
    const taken = await api.post("/v1/clusters", { name, collection_ids, k: 2 });
    expect(taken.body).toMatchObject({ status: 409, code: "name_taken" });
    const stranger = await world.inNamespace();
    expect((await stranger.get(`/v1/clusters/${cluster.cluster_id}`)).status).toBe(404);
    const path = `/v1/clusters/${cluster.cluster_id}/execute`;
    expect((await stranger.post(path, {})).status).toBe(404);
    expect((await stranger.delete(`/v1/clusters/${cluster.cluster_id}`)).status).toBe(404);
  });

  it.each([
    [{ k: 1 }, "k"],
    [{ k: 1001 }, "k"],
    [{ k: 2.5 }, "k"],
    [{ k: "many" }, "k"],
    [{ k: undefined }, "k"],
    [{ seed: -1 }, "seed"],
    [{ seed: 2 ** 32 }, "seed"],
    [{ collection_ids: [] }, "collection_ids"],
    [{ collection_ids: ["there-is-none"] }, "collection_ids.0"],
    [{ name: "a b" }, "name"],
    [{ name: undefined }, "name"],
    [{ metadata: { a: [] } }, "metadata.a"],
    [{ algorithm: "dbscan" }, "algorithm"],
  ])("are checked: %j names %s", async (wrong, path) => {
    const api = await world.inNamespace();
    const collection_ids = [await makeCollection(api, 0)];
    const answer = await api.post("/v1/clusters", { name: "c", k: 3, collection_ids, ...wrong });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "invalid_request", errors: [{ path }] });
  });

  it.each([
    [{ singleton: { key: "x" } }, "singleton"],
    [{ delay: 1, not_before: "2030-01-01T00:00:00Z" }, "not_before"],
    [{ k: 3 }, "k"],
  ])("refuse an execute of %j by %s, and stay DRAFTs", async (options, path) => {
    const api = await world.inNamespace();
    const cluster = await makeCluster(api, { collection_ids: [await makeCollection(api, 0)] });
    const answer = await api.post(`/v1/clusters/${cluster.cluster_id}/execute`, options);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path }] });
    expect(await getCluster(api, cluster)).toMatchObject({ status: "DRAFT" });
  });

  it("take an Idempotency-Key", async () => {
    const api = await world.inNamespace();
    const cluster = await makeCluster(api, { collection_ids: [await makeCollection(api, 6)] });
    const path = `/v1/clusters/${cluster.cluster_id}/execute`;
    const key = { "Idempotency-Key": "once" };
    const first = await api.post(path, {}, key).expect(202);
    await untilEnded(api, String(first.body["task_id"]));
    const again = await api.post(path, {}, key).expect(202);
    expect(again.body["task_id"]).toBe(first.body["task_id"]);
    expect(await getTask(api, String(first.body["task_id"]))).toMatchObject({ attempt: 1 });
    expect((await api.post(path, { tags: ["x"] }, key)).status).toBe(422);
  });
});
