import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SubmissionsAnswer } from "../../src/contract/submission-target.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const TaskRows = SubmissionsAnswer.shape.results;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** What submits all of a new bucket of one object. */
async function bucketIn(api: Api) {
  const batch = await makeBatch(api, [sentence(1)]);
  return { kind: "bucket", bucket_id: batch.bucketId, collection_id: batch.collectionId };
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
