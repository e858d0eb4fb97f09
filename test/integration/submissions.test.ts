import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SubmissionsAnswer } from "../../src/contract/submission-target.ts";
import type { Api } from "../support/api.ts";
import { makeCluster, makeCollection } from "../support/clusters.ts";
import { makeBatch, sentence, untilEnded } from "../support/fixtures.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

const TaskRows = SubmissionsAnswer.shape.results;

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});
afterAll(leaveSharedWorld);

/** What submits all of a new bucket of one object. */
async function bucketIn(api: Api) {
  const batch = await makeBatch(api, [sentence(1)]);
  return { kind: "bucket", bucket_id: batch.bucketId, collection_id: batch.collectionId };
}

/** A migration of the caller's namespace to a new one of that name, not started. */
async function planMigration(api: Api, target_name: string): Promise<string> {
  const { body } = await api.post("/v1/collections", { name: "any" }).expect(201);
  const path = `/v1/namespaces/${String(body["namespace_id"])}/migrations`;
  return String((await api.post(path, { target_name }).expect(201)).body["migration_id"]);
}

describe("a list of submissions", () => {
  it("gives each its own outcome, in order, and a refusal keeps no other from being accepted", async () => {
    const api = await world.inNamespace();
    const submission = await bucketIn(api);
    const batch = await makeBatch(api, [sentence(1)]);
    const answer = await api
      .post("/v1/submissions", {
        submissions: [
          { submission },
          { submission: { ...submission, bucket_id: "nowhere" } },
          { submission: { kind: "batch", bucket_id: batch.bucketId, batch_id: batch.batchId } },
          { submission: { kind: "task", task_type: "not.registered", input: {} } },
        ],
      })
      .expect(200);
    expect(answer.body["results"]).toMatchObject([
      { index: 0, task: { status: "PENDING" }, error: null },
      { index: 1, task: null, error: { code: "not_found" } },
      { index: 2, task: { inputs: [batch.batchId] }, error: null },
      { index: 3, task: null, error: { code: "invalid_request", errors: [{ path: "task_type" }] } },
    ]);
  });

  it("takes clusters, taxonomies and migrations too, each as its own route does", async () => {
    const api = await world.inNamespace();
    const collection_id = await makeCollection(api, 12);
    const cluster = await makeCluster(api, { collection_ids: [collection_id] });
    const nodes = [{ node_id: "ships", label: "Ships" }];
    const taxonomy = await api.post("/v1/taxonomies", { name: "t", nodes }).expect(201);
    const migration = await planMigration(api, "copy");
    const target = { kind: "taxonomy", taxonomy_id: "t", tags: ["many"] };
    const submissions = [
      { submission: { kind: "cluster", cluster_id: cluster.name, priority: "high" } },
      { submission: { ...target, collection_id }, idempotency_key: "k" },
      { submission: { ...target, collection_id }, idempotency_key: "k" },
      { submission: { kind: "migration", migration_id: "copy" } },
      { submission: { kind: "cluster", cluster_id: "nobody" } },
      { submission: { ...target, collection_id: "nowhere" } },
      { submission: { kind: "migration", migration_id: "nobody" } },
    ];
    const answer = await api.post("/v1/submissions", { submissions }).expect(200);
    const { results } = SubmissionsAnswer.parse(answer.body);
    expect(results).toMatchObject([
      { task: { task_type: "engine_cluster_build", inputs: [cluster.cluster_id] }, error: null },
      {
        task: {
          task_type: "api_taxonomies_materialize",
          inputs: [taxonomy.body["taxonomy_id"], collection_id],
          tags: ["many"],
        },
        error: null,
      },
      { task: { task_id: results[1]?.task?.task_id }, error: null },
      { task: { task_type: "api_namespaces_migrations_run", inputs: [migration] }, error: null },
      { task: null, error: { code: "not_found" } },
      { task: null, error: { code: "invalid_request", errors: [{ path: "collection_id" }] } },
      { task: null, error: { code: "not_found" } },
    ]);
    for (const row of results.slice(0, 4)) {
      const ended = await untilEnded(api, row.task?.task_id ?? "");
      expect(ended, ended.task_type).toMatchObject({ status: "COMPLETED" });
    }
  });

  it("refuses a singleton key where the resource is the singleton", async () => {
    const api = await world.inNamespace();
    const singleton = { key: "k", when_busy: "queue" };
    const submission = { kind: "cluster", cluster_id: "c", singleton };
    const answer = await api.post("/v1/submissions", { submissions: [{ submission }] });
    const path = "submissions.0.submission.singleton";
    expect(answer.body).toMatchObject({ status: 400, errors: [{ path }] });
  });

  it("sent again makes nothing twice that has an idempotency key", async () => {
    const api = await world.inNamespace();
    const submission = await bucketIn(api);
    const body = {
      submissions: Array.from({ length: 20 }, (_, index) => ({
        submission,
        idempotency_key: `item-${index}`,
      })),
    };
    const [one, other] = [
      await api.post("/v1/submissions", body).expect(200),
      await api.post("/v1/submissions", body).expect(200),
    ];
    const ids = ({ body: { results } }: typeof one) =>
      TaskRows.parse(results).map((row) => row.task?.task_id);
    expect(ids(other)).toEqual(ids(one));
    const list = await api.post("/v1/tasks/list", {}).expect(200);
    expect(list.body["results"]).toHaveLength(20);
  });

  it("has between 1 and 100 entries", async () => {
    const api = await world.inNamespace();
    const submission = await bucketIn(api);
    for (const count of [0, 101]) {
      const submissions = Array.from({ length: count }, () => ({ submission }));
      const answer = await api.post("/v1/submissions", { submissions });
      expect(answer.body).toMatchObject({ status: 400, errors: [{ path: "submissions" }] });
    }
  });
});
