import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Api } from "../../support/api.ts";
import { execute, makeCluster } from "../../support/clusters.ts";
import { getTask, makeBatch, sentence, submit } from "../../support/fixtures.ts";
import { keysOf } from "./expected.ts";
import { JOB_COSTS } from "./expected-jobs.ts";
import {
  type Counted,
  inAnyOrder,
  less,
  type MeteredWorld,
  startMeteredWorld,
  WITHOUT_HEARTBEATS,
} from "./meter.ts";

const DOCUMENTS = 30;

let world: MeteredWorld;
beforeAll(async () => {
  world = await startMeteredWorld(WITHOUT_HEARTBEATS);
});
beforeEach(() => world.drain());
afterAll(() => world.close());

const scenarios: Record<keyof typeof JOB_COSTS, () => Promise<Counted>> = {
  "execute a cluster": async () => (await countCluster()).submitted,
  "a cluster's run over 30 documents": async () => (await countCluster()).run,
  "materialise a taxonomy": async () => (await countTaxonomy()).submitted,
  "a taxonomy's run over 30 documents": async () => (await countTaxonomy()).run,
  "a taxonomy's run with nothing new": async () => {
    const { api, materialize } = await countTaxonomy();
    return (await countTask(api, materialize, "SKIPPED")).run;
  },
  "start a migration": async () => (await countMigration()).submitted,
  "a migration's run over a few rows of five kinds": async () => (await countMigration()).run,
};

describe("a job costs exactly its list of operations", () => {
  it.each(keysOf(JOB_COSTS))("%s", async (operation) => {
    const cost = JOB_COSTS[operation];
    const counted = await scenarios[operation]();
    const own = "ownData" in cost ? cost.ownData : [];
    expect(inAnyOrder({ ...counted, mongo: less(counted.mongo, own) })).toEqual(inAnyOrder(cost));
  });
});

/** What a submit asks for, and then the job up to its end. */
async function countTask(
  api: Api,
  send: () => Promise<string>,
  end = "COMPLETED",
): Promise<{ readonly submitted: Counted; readonly run: Counted }> {
  let taskId = "";
  const submitted = await world.count(async () => {
    taskId = await send();
  });
  const run = await world.count(() => world.deliver());
  expect(await getTask(api, taskId)).toMatchObject({ status: end, attempt: 1 });
  return { submitted, run };
}

/** A collection of documents in a namespace of its own. */
async function makeCollection(name?: string) {
  const api = await world.inNamespace(name);
  const texts = Array.from({ length: DOCUMENTS }, (_, index) => sentence(index));
  const batch = await makeBatch(api, texts);
  await submit(api, batch);
  await world.drain();
  return { api, collectionId: batch.collectionId };
}

async function countCluster() {
  const { api, collectionId } = await makeCollection();
  const cluster = await makeCluster(api, { collection_ids: [collectionId] });
  return countTask(api, async () => (await execute(api, cluster)).task_id);
}

async function countTaxonomy(name?: string) {
  const { api, collectionId } = await makeCollection(name);
  const nodes = [{ node_id: "ships", label: "Ships and goods" }];
  await api.post("/v1/taxonomies", { name: "topics", nodes }).expect(201);
  const materialize = async () => {
    const body = { collection_id: collectionId };
    const answer = await api.post("/v1/taxonomies/topics/materialize", body).expect(202);
    return String(answer.body["task_id"]);
  };
  return { api, materialize, ...(await countTask(api, materialize)) };
}

let sources = 0;

async function countMigration() {
  const source = `source-${(sources += 1)}`;
  const { api } = await countTaxonomy(source);
  const path = `/v1/namespaces/${source}/migrations`;
  const made = await world.api.post(path, { target_name: `${source}-copy` }).expect(201);
  return countTask(api, async () => {
    const start = `${path}/${String(made.body["migration_id"])}/start`;
    return String((await world.api.post(start, {}).expect(202)).body["task_id"]);
  });
}
