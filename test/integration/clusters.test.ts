import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { Task } from "../../src/contract/task.ts";
import {
  documentsOf,
  execute,
  getCluster,
  indexesOf,
  makeCluster,
  makeCollection,
  texts,
} from "../support/clusters.ts";
import { makeBatch, submit, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ clock: drivenClock(Date.now()) });
});
afterAll(() => world.close());

describe("a cluster", () => {
  it("finds the groups of a collection: DRAFT, executed, COMPLETED, with results and assignments", async () => {
    const api = await world.inNamespace();
    const collectionId = await makeCollection(api, 90);
    const draft = await makeCluster(api, { collection_ids: [collectionId], metadata: { a: 1 } });
    expect(draft).toMatchObject({
      status: "DRAFT",
      task_id: null,
      num_clusters: null,
      stats: null,
      clusters: null,
      seed: 0,
      collection_ids: [collectionId],
      metadata: { a: 1 },
    });

    const answer = await api.post(`/v1/clusters/${draft.cluster_id}/execute`).expect(202);
    const accepted = Task.parse(answer.body);
    expect(answer.headers.get("Location")).toBe(`/v1/tasks/${accepted.task_id}`);
    expect(accepted).toMatchObject({
      task_type: "engine_cluster_build",
      status: "PENDING",
      inputs: [draft.cluster_id],
    });
    const ended = await untilEnded(api, accepted.task_id);
    expect(ended).toMatchObject({
      status: "COMPLETED",
      progress: { completed: 90, total: 90, unit: "documents" },
      outputs: [{ cluster_id: draft.cluster_id, num_clusters: 3, documents_assigned: 90 }],
    });

    const cluster = await getCluster(api, draft);
    expect(cluster).toMatchObject({
      status: "COMPLETED",
      task_id: accepted.task_id,
      result_task_id: accepted.task_id,
      num_clusters: 3,
    });
    expect(cluster.clusters?.map((group) => group.size)).toEqual([30, 30, 30]);
    expect(cluster.stats?.silhouette).toBeGreaterThan(0.5);
    const terms = cluster.clusters?.map((group) => group.top_terms) ?? [];
    const subjects = ["harbour", "bread", "violin"];
    const indexes = subjects.map((word) => terms.findIndex((list) => list.includes(word)));
    expect(new Set(indexes)).toEqual(new Set([0, 1, 2]));

    const documents = await documentsOf(api, collectionId);
    for (const [at, index] of indexesOf(documents, cluster).entries()) {
      const words = ["ship", "dough", "orchestra"];
      const subject = words.findIndex((word) => documents[at]?.text.includes(word));
      expect(index).toBe(indexes[subject]);
    }
    const one = documents[0]?.document_id;
    const path = `/v1/collections/${collectionId}/documents/${one}`;
    expect((await api.get(path).expect(200)).body["enrichments"]).toEqual(
      documents[0]?.enrichments,
    );
  });

  it("announces its end with what it found", async () => {
    const api = await world.inNamespace();
    const collection_ids = [await makeCollection(api, 12)];
    const cluster = await makeCluster(api, { collection_ids });
    const task = await execute(api, cluster);
    await untilEnded(api, task.task_id);
    await world.stack.qstash.idle();
    await world.runMinuteCron(60_000);
    const history = await api.get(`/v1/tasks/${task.task_id}/history`).expect(200);
    expect(history.text).toContain("cluster.execution.completed");
  });

  it("is executed by one task at a time, and answers it with options of a submission", async () => {
    const api = await world.inNamespace();
    const collection_ids = [await makeCollection(api, 12)];
    const cluster = await makeCluster(api, { collection_ids });
    const first = await execute(api, cluster, { delay: 3600, tags: ["nightly"] });
    expect(first).toMatchObject({ status: "PENDING", tags: ["nightly"] });
    const again = await Promise.all(Array.from({ length: 10 }, () => execute(api, cluster, {})));
    expect(new Set(again.map((task) => task.task_id))).toEqual(new Set([first.task_id]));
    expect(await getCluster(api, cluster)).toMatchObject({
      status: "PENDING",
      task_id: first.task_id,
    });
    const refused = await api.delete(`/v1/clusters/${cluster.cluster_id}`);
    expect(refused.body).toMatchObject({ status: 409, code: "resource_in_use" });
  });

  it("chooses k itself when asked to", async () => {
    const api = await world.inNamespace();
    const collection_ids = [await makeCollection(api, 60)];
    const cluster = await makeCluster(api, { collection_ids, k: "auto" });
    await untilEnded(api, (await execute(api, cluster)).task_id);
    expect(await getCluster(api, cluster)).toMatchObject({ k: "auto", num_clusters: 3 });
  });

  it("groups several collections, by name too, together", async () => {
    const api = await world.inNamespace();
    const [one, other] = [await makeCollection(api, 30), await makeCollection(api, 30)];
    const name = String((await api.get(`/v1/collections/${one}`).expect(200)).body["name"]);
    const cluster = await makeCluster(api, { collection_ids: [name, other, one] });
    expect(cluster.collection_ids).toEqual([one, other]);
    await untilEnded(api, (await execute(api, cluster)).task_id);
    const shown = await getCluster(api, cluster);
    expect(shown.clusters?.map((group) => group.size)).toEqual([20, 20, 20]);
    const found = [
      indexesOf(await documentsOf(api, one), shown),
      indexesOf(await documentsOf(api, other), shown),
    ];
    for (const indexes of found) expect(new Set(indexes).size).toBe(3);
  });
});

describe("a second execute", () => {
  it("replaces the results of the first at its end, and not before", async () => {
    const api = await world.inNamespace();
    const collectionId = await makeCollection(api, 30);
    const cluster = await makeCluster(api, { collection_ids: [collectionId] });
    const first = await execute(api, cluster);
    await untilEnded(api, first.task_id);
    const before = await getCluster(api, cluster);
    const assigned = indexesOf(await documentsOf(api, collectionId), cluster);

    const more = await makeBatch(api, texts(60));
    await api.delete(`/v1/collections/${more.collectionId}`).expect(204);
    const batch = await api
      .post(`/v1/buckets/${more.bucketId}/batches`, { all: true, collection_id: collectionId })
      .expect(201);
    const path = `/v1/buckets/${more.bucketId}/batches/${String(batch.body["batch_id"])}`;
    await untilEnded(api, (await submit(api, { ...more, path })).task_id);

    const second = await execute(api, cluster, { delay: 3600 });
    expect(second.task_id).not.toBe(first.task_id);
    expect(await getCluster(api, cluster)).toMatchObject({
      status: "PENDING",
      task_id: second.task_id,
      result_task_id: first.task_id,
      clusters: before.clusters,
    });
    const meanwhile = indexesOf(await documentsOf(api, collectionId), cluster);
    expect(meanwhile.filter((index) => index !== null)).toHaveLength(assigned.length);
    await api.post(`/v1/tasks/${second.task_id}/kill`, {}).expect(202);

    const third = await execute(api, cluster);
    expect(await untilEnded(api, third.task_id)).toMatchObject({ status: "COMPLETED" });
    const after = await getCluster(api, cluster);
    expect(after).toMatchObject({ result_task_id: third.task_id, num_clusters: 3 });
    expect(after.clusters?.map((group) => group.size)).toEqual([30, 30, 30]);
    expect(indexesOf(await documentsOf(api, collectionId), cluster)).not.toContain(null);
  });
});

describe("a run that can't succeed", () => {
  it("over no documents is skipped, and over fewer than k fails", async () => {
    const api = await world.inNamespace();
    const empty = await makeCluster(api, { collection_ids: [await makeCollection(api, 0)] });
    const skipped = await untilEnded(api, (await execute(api, empty)).task_id);
    expect(skipped).toMatchObject({
      status: "SKIPPED",
      additional_data: { skip_reason: "The collections hold no documents." },
    });
    const few = await makeCluster(api, { collection_ids: [await makeCollection(api, 2)] });
    const failed = await untilEnded(api, (await execute(api, few)).task_id);
    expect(failed).toMatchObject({
      status: "FAILED",
      last_error: { code: "too_few_documents", retryable: false },
    });
    expect(await getCluster(api, few)).toMatchObject({
      status: "FAILED",
      error_message: failed.error_message,
      clusters: null,
    });
  });
});
