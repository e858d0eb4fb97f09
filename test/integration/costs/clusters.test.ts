import { afterAll, beforeAll, expect, it } from "vitest";
import { documentsOf, execute, makeCluster } from "../../support/clusters.ts";
import { makeBatch, sentence, submit } from "../../support/fixtures.ts";
import { type MeteredWorld, startMeteredWorld } from "./meter.ts";

let world: MeteredWorld;
beforeAll(async () => {
  // No step of these tests takes so long: heartbeats are counted by themselves.
  world = await startMeteredWorld({
    HEARTBEAT_INTERVAL_MS: "600000",
    INVOCATION_BUDGET_MS: "600000",
  });
});
afterAll(() => world.close());

const READ_RUN = "find cluster_models";
const WRITE_RUN = "update cluster_models";

/** What each step of a run asks MongoDB for, in order; a list of steps is a run of 30 documents. */
const STEPS: readonly (readonly [step: string, operations: readonly string[]])[] = [
  ["claim", ["find tasks", "findAndModify tasks", "findAndModify clusters"]],
  [
    "start",
    [
      "find collections",
      "aggregate documents",
      "find cluster_models",
      "delete cluster_models",
      "insert cluster_models",
    ],
  ],
  ["scan, each 10,000 documents", [READ_RUN, "find documents", WRITE_RUN, WRITE_RUN]],
  ["deal", [READ_RUN, WRITE_RUN, WRITE_RUN]],
  ["seed", [READ_RUN, "find documents", WRITE_RUN]],
  ["train, each mini-batch", [READ_RUN, "find documents", WRITE_RUN]],
  ["score", [READ_RUN, "find documents", WRITE_RUN]],
  ["assign, each 1,000 documents", [READ_RUN, "find documents", "update documents", WRITE_RUN]],
  ["describe, the background", [READ_RUN, "find documents", WRITE_RUN]],
  [
    "describe, the last clusters",
    [READ_RUN, "find documents", "find collections", "delete cluster_models", WRITE_RUN],
  ],
  // Whether another task waits for the cluster is asked at once with the cluster's own status.
  ["end", ["findAndModify tasks", "findAndModify clusters", "find tasks", "find webhooks"]],
];

it("a cluster's run costs exactly its list of operations", async () => {
  const api = await world.inNamespace();
  const texts = Array.from({ length: 30 }, (_, index) => sentence(index));
  const batch = await makeBatch(api, texts);
  await submit(api, batch);
  await world.drain();
  const cluster = await makeCluster(api, { collection_ids: [batch.collectionId] });

  const submitted = await world.count(() => execute(api, cluster));
  expect(submitted.mongo).toEqual(["find clusters", "insert tasks", "findAndModify clusters"]);

  const { mongo, redis } = await world.count(() => world.deliver());
  expect(mongo).toEqual(STEPS.flatMap(([, operations]) => operations));
  expect(redis).toEqual(["EVAL", "EVAL"]);

  // A document that a cluster has looked at costs one more read, whatever the page's size.
  const listed = await world.count(() => documentsOf(api, batch.collectionId));
  expect(listed.mongo).toEqual(["find collections", "find documents", "find clusters"]);
  const got = await world.count(() => api.get(`/v1/clusters/${cluster.cluster_id}`).expect(200));
  expect(got.mongo).toEqual(["find clusters", "find cluster_models"]);
  const list = await world.count(() => api.post("/v1/clusters/list", {}).expect(200));
  expect(list.mongo).toEqual(["find clusters", "find cluster_models"]);
});
