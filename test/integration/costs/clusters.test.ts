import { afterAll, beforeAll, expect, it } from "vitest";
import { documentsOf, execute, makeCluster } from "../../support/clusters.ts";
import { makeBatch, sentence, submit } from "../../support/fixtures.ts";
import { CLUSTER_STEPS, JOB_COSTS } from "./expected-jobs.ts";
import { inAnyOrder, type MeteredWorld, startMeteredWorld, WITHOUT_HEARTBEATS } from "./meter.ts";

let world: MeteredWorld;
beforeAll(async () => {
  world = await startMeteredWorld(WITHOUT_HEARTBEATS);
});
afterAll(() => world.close());

it("a cluster's run costs exactly its list of operations", async () => {
  const api = await world.inNamespace();
  const texts = Array.from({ length: 30 }, (_, index) => sentence(index));
  const batch = await makeBatch(api, texts);
  await submit(api, batch);
  await world.drain();
  const cluster = await makeCluster(api, { collection_ids: [batch.collectionId] });

  const submitted = await world.count(() => execute(api, cluster));
  expect(inAnyOrder(submitted)).toEqual(inAnyOrder(JOB_COSTS["execute a cluster"]));

  const { mongo, redis, qstash } = await world.count(() => world.deliver());
  expect(mongo).toEqual(CLUSTER_STEPS.flatMap(([, operations]) => operations));
  const { redis: commands, qstash: messages } = JOB_COSTS["a cluster's run over 30 documents"];
  expect({ redis, qstash }).toEqual({ redis: commands, qstash: messages });

  // A document that a cluster has looked at costs one more read, whatever the page's size.
  const listed = await world.count(() => documentsOf(api, batch.collectionId));
  expect(listed.mongo).toEqual(["find collections", "find documents", "find clusters"]);
  const got = await world.count(() => api.get(`/v1/clusters/${cluster.cluster_id}`).expect(200));
  expect(got.mongo).toEqual(["find clusters", "find cluster_models"]);
  const list = await world.count(() => api.post("/v1/clusters/list", {}).expect(200));
  expect(list.mongo).toEqual(["find clusters", "find cluster_models"]);
});
