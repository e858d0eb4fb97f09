import { z } from "zod";
import { Cluster } from "../../src/contract/cluster.ts";
import { pageOf } from "../../src/contract/common.ts";
import { CollectionDocument } from "../../src/contract/document.ts";
import { Task } from "../../src/contract/task.ts";
import type { Api } from "./api.ts";
import { makeBatch, submit, untilEnded } from "./fixtures.ts";

const SUBJECTS = [
  "The captain steers the ship into the harbour where the crew moors her at the quay",
  "The baker kneads the dough with flour and yeast before the oven turns it into bread",
  "The violin and the cello play the melody while the orchestra waits for its conductor",
];

/** Texts of three subjects, one after the other, no two alike. */
export function texts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${SUBJECTS[at % 3]}, page ${at}.`);
}

const Assignments = z.record(
  z.string(),
  z.strictObject({ cluster_index: z.int(), distance: z.number().min(0) }),
);

let names = 0;

/** A collection of documents of three subjects. */
export async function makeCollection(api: Api, count: number): Promise<string> {
  const batch = await makeBatch(api, texts(count));
  if (count > 0) await untilEnded(api, (await submit(api, batch)).task_id);
  return batch.collectionId;
}

/** A DRAFT of k = 3, unless the request says otherwise. */
export async function makeCluster(api: Api, request: object): Promise<Cluster> {
  const name = `cluster-${(names += 1)}`;
  const answer = await api.post("/v1/clusters", { name, k: 3, ...request }).expect(201);
  return Cluster.parse(answer.body);
}

/** Executes and answers the task as it was accepted. */
export async function execute(api: Api, cluster: Cluster, options?: object): Promise<Task> {
  const answer = await api.post(`/v1/clusters/${cluster.cluster_id}/execute`, options).expect(202);
  return Task.parse(answer.body);
}

/** The cluster as it is now. */
export async function getCluster(api: Api, cluster: Cluster): Promise<Cluster> {
  return Cluster.parse((await api.get(`/v1/clusters/${cluster.cluster_id}`).expect(200)).body);
}

/** The first 200 documents of a collection. */
export async function documentsOf(api: Api, collectionId: string): Promise<CollectionDocument[]> {
  const path = `/v1/collections/${collectionId}/documents/list`;
  const answer = await api.post(path, { limit: 200 }).expect(200);
  return pageOf(CollectionDocument).parse(answer.body).results;
}

/** Which cluster index each document shows, or null. */
export function indexesOf(documents: readonly CollectionDocument[], cluster: Cluster) {
  return documents.map((document) => {
    const assignments = Assignments.parse(document.enrichments["clusters"] ?? {});
    return assignments[cluster.cluster_id]?.cluster_index ?? null;
  });
}
