import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { pageOf } from "../../src/contract/common.ts";
import { Schedule } from "../../src/contract/schedule.ts";
import { SubmissionsAnswer } from "../../src/contract/submission-target.ts";
import { Task } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import {
  documentsOf,
  getCluster,
  indexesOf,
  makeCluster,
  makeCollection,
} from "../support/clusters.ts";
import { untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;
const TaskPage = pageOf(Task);

const clock = drivenClock(Date.now());
let world: World;
beforeAll(async () => {
  world = await startWorld({ clock });
});
afterAll(() => world.close());

async function schedule(api: Api, submission: object, more: object = {}): Promise<Schedule> {
  const request = { name: "hourly", cron: "0 * * * *", submission, ...more };
  return Schedule.parse((await api.post("/v1/schedules", request).expect(201)).body);
}

/** The tasks that a schedule made so far, the first one first. */
async function tasksOf(api: Api, task_type: string): Promise<Task[]> {
  const request = { sort: "created_at", task_type };
  return TaskPage.parse((await api.post("/v1/tasks/list", request).expect(200)).body).results;
}

/** Lets an hour pass and answers the task that was made at its end, when it has ended. */
async function nextRun(api: Api, task_type: string): Promise<Task> {
  await clock.advanceBy(HOUR_MS);
  const last = (await tasksOf(api, task_type)).at(-1);
  if (last === undefined) throw new Error("no task was made");
  return untilEnded(api, last.task_id);
}

async function makeTaxonomy(api: Api): Promise<string> {
  const nodes = [{ node_id: "ships", label: "Ships, harbours and their crews" }];
  const made = await api.post("/v1/taxonomies", { name: "t", nodes, threshold: 0 }).expect(201);
  return String(made.body["taxonomy_id"]);
}

/** One more document in a collection. */
async function addDocument(api: Api, collection_id: string): Promise<void> {
  const name = `more-${crypto.randomUUID()}`;
  await api.post("/v1/buckets", { name }).expect(201);
  // Nothing random in it, whose n-grams may weigh more than the words and lead away from every node.
  const content = { text: "The ship and its crew are moored in the harbour." };
  await api.post(`/v1/buckets/${name}/objects`, { content }).expect(201);
  const request = { submission: { kind: "bucket", bucket_id: name, collection_id } };
  const answer = await api.post("/v1/submissions", { submissions: [request] }).expect(200);
  const [row] = SubmissionsAnswer.parse(answer.body).results;
  await untilEnded(api, row?.task?.task_id ?? "");
}

describe("a schedule of a cluster", () => {
  it("runs it anew each time over the documents of then, and its newest results are shown", async () => {
    const api = await world.inNamespace();
    const collectionId = await makeCollection(api, 12);
    const cluster = await makeCluster(api, { collection_ids: [collectionId] });
    await schedule(api, { kind: "cluster", cluster_id: cluster.name, tags: ["recurring"] });

    const first = await nextRun(api, "engine_cluster_build");
    expect(first).toMatchObject({ status: "COMPLETED", tags: ["recurring"] });
    await addDocument(api, collectionId);
    const second = await nextRun(api, "engine_cluster_build");
    expect(second).toMatchObject({
      status: "COMPLETED",
      outputs: [{ cluster_id: cluster.cluster_id, documents_assigned: 13 }],
    });
    expect(await getCluster(api, cluster)).toMatchObject({
      status: "COMPLETED",
      task_id: second.task_id,
      result_task_id: second.task_id,
    });
    expect(indexesOf(await documentsOf(api, collectionId), cluster)).not.toContain(null);
    await api.delete("/v1/schedules/hourly").expect(204);
  });

  it.each([
    ["allow", "SKIPPED"],
    ["skip", "SKIPPED"],
    ["queue", "PENDING"],
  ])(
    "with overlap %s makes a %s task while one is at work, whoever made that",
    async (overlap, status) => {
      const api = await world.inNamespace();
      const cluster = await makeCluster(api, { collection_ids: [await makeCollection(api, 12)] });
      const path = `/v1/clusters/${cluster.cluster_id}`;
      // It waits for a day, which is as long as work could take.
      const own = Task.parse(
        (await api.post(`${path}/execute`, { delay: DAY_SECONDS }).expect(202)).body,
      );
      await schedule(api, { kind: "cluster", cluster_id: cluster.cluster_id }, { overlap });
      await clock.advanceBy(HOUR_MS);
      const [, fired] = await tasksOf(api, "engine_cluster_build");
      expect(fired).toMatchObject({ status, inputs: [cluster.cluster_id] });
      await api.delete("/v1/schedules/hourly").expect(204);
      // One that was skipped never worked for the cluster, which shows the other and can't be deleted.
      const shown = status === "SKIPPED" ? own.task_id : fired?.task_id;
      expect(await getCluster(api, cluster)).toMatchObject({ status: "PENDING", task_id: shown });
      expect((await api.delete(path)).body).toMatchObject({ code: "resource_in_use" });
      if (status === "SKIPPED") return;
      await api.post(`/v1/tasks/${own.task_id}/kill`).expect(202);
      expect(await untilEnded(api, String(fired?.task_id))).toMatchObject({ status: "COMPLETED" });
    },
  );

  it("makes one task of a firing that comes again, also when the first one was skipped (P7)", async () => {
    const api = await world.inNamespace();
    const cluster = await makeCluster(api, { collection_ids: [await makeCollection(api, 12)] });
    const path = `/v1/clusters/${cluster.cluster_id}`;
    const { schedule_id: id } = await schedule(api, { kind: "cluster", cluster_id: cluster.name });
    const own = await api.post(`${path}/execute`, { delay: DAY_SECONDS }).expect(202);
    const key = { "Idempotency-Key": "once" };
    const first = await api.post(`/v1/schedules/${id}/run`, undefined, key).expect(202);
    await api.post(`/v1/tasks/${String(own.body["task_id"])}/kill`).expect(202);
    const again = await api.post(`/v1/schedules/${id}/run`, undefined, key).expect(202);
    expect(first.body).toMatchObject({ status: "SKIPPED" });
    expect(again.body["task_id"]).toBe(first.body["task_id"]);
    expect(await tasksOf(api, "engine_cluster_build")).toHaveLength(2);
    await api.delete("/v1/schedules/hourly").expect(204);
  });
});

describe("a schedule of a taxonomy", () => {
  it("labels at each time what is new in its collection, and is SKIPPED when nothing is", async () => {
    const api = await world.inNamespace();
    const collectionId = await makeCollection(api, 3);
    const taxonomyId = await makeTaxonomy(api);
    await schedule(api, { kind: "taxonomy", taxonomy_id: "t", collection_id: collectionId });
    const type = "api_taxonomies_materialize";

    const first = await nextRun(api, type);
    expect(first).toMatchObject({ status: "COMPLETED", outputs: [{ documents_labelled: 3 }] });
    expect(await nextRun(api, type)).toMatchObject({ status: "SKIPPED" });
    await addDocument(api, collectionId);
    const third = await nextRun(api, type);
    expect(third).toMatchObject({ status: "COMPLETED", outputs: [{ documents_labelled: 1 }] });
    const shown = await api.get(`/v1/taxonomies/${taxonomyId}`).expect(200);
    expect(shown.body).toMatchObject({ task_id: third.task_id, status: "COMPLETED" });
    await api.delete("/v1/schedules/hourly").expect(204);
  });

  it("with overlap queue waits for the one that puts it on another collection", async () => {
    const api = await world.inNamespace();
    const [one, other] = [await makeCollection(api, 3), await makeCollection(api, 3)];
    const taxonomyId = await makeTaxonomy(api);
    const path = `/v1/taxonomies/${taxonomyId}/materialize`;
    const busy = await api.post(path, { collection_id: one, delay: DAY_SECONDS }).expect(202);
    const submission = { kind: "taxonomy", taxonomy_id: taxonomyId, collection_id: other };
    await schedule(api, submission, { overlap: "queue" });
    await clock.advanceBy(HOUR_MS);
    await api.delete("/v1/schedules/hourly").expect(204);
    const [, fired] = await tasksOf(api, "api_taxonomies_materialize");
    expect(fired).toMatchObject({ status: "PENDING" });
    await api.post(`/v1/tasks/${String(busy.body["task_id"])}/kill`).expect(202);
    expect(await untilEnded(api, String(fired?.task_id))).toMatchObject({
      status: "COMPLETED",
      outputs: [{ collection_id: other, documents_labelled: 3 }],
    });
  });
});

describe("a schedule of a migration", () => {
  it("is refused, when it is made or changed, with what to do instead", async () => {
    const api = await world.inNamespace();
    const submission = { kind: "migration", migration_id: "elsewhere" };
    const request = { name: "m", cron: "0 * * * *", submission };
    const refused = await api.post("/v1/schedules", request);
    const errors = [{ path: "submission.kind", message: expect.stringContaining("done once") }];
    expect(refused.body).toMatchObject({ status: 400, code: "invalid_request", errors });
    await schedule(api, { kind: "cluster", cluster_id: "c" });
    const changed = await api.patch("/v1/schedules/hourly", { submission });
    expect(changed.body).toMatchObject({ status: 400, code: "invalid_request", errors });
    await api.delete("/v1/schedules/hourly").expect(204);
  });
});
