import { z } from "zod";
import { Cluster } from "../src/contract/cluster.ts";
import type { CollectionDocument } from "../src/contract/document.ts";
import { Task } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { allDocuments } from "./documents.ts";
import { checkArrived } from "./events.ts";
import { claim } from "./failure.ts";
import type { Receiver } from "./receiver.ts";
import { checked, dim, facts, heading, line, lineWith, number, seconds } from "./terminal.ts";
import { watch } from "./watch.ts";
import { inYears, middleHalf, type Years, YEARS_WIDTH } from "./years.ts";

const K = 8;

/** Terms shown of each group, where there is room. */
const TERMS = 7;

const SIZE_WIDTH = 5;

type ClusterGroup = NonNullable<Cluster["clusters"]>[number];

const Assignments = z.record(z.string(), z.object({ cluster_index: z.int() }));

export type Clusters = {
  readonly client: Client;
  readonly receiver: Receiver;
  readonly collectionId: string;
};

/** Groups the documents of a collection by k-means, and shows what the groups are about. */
export async function showClusters({ client, receiver, collectionId }: Clusters): Promise<void> {
  heading("Clusters: k-means over these documents");
  const startedAt = Date.now();
  const { cluster_id: id } = await client.post(
    "/v1/clusters",
    { name: "subjects", collection_ids: [collectionId], k: K },
    Cluster,
  );
  const submitted = await client.post(`/v1/clusters/${id}/execute`, {}, Task);
  line(`POST …/execute answers 202, the task ${submitted.task_id}.`);
  const { task } = await watch(client, submitted.task_id);
  claim(task.status === "COMPLETED", `the task ended ${task.status}: ${task.error_message}`);
  const took = Date.now() - startedAt;
  const { body: cluster } = await client.get(`/v1/clusters/${id}`, Cluster);
  const { clusters: groups, stats } = cluster;
  claim(
    cluster.status === "COMPLETED" && groups !== null && stats !== null,
    `the cluster is ${cluster.status}, its task is COMPLETED`,
  );
  facts({
    groups: `${groups.length} in ${seconds(took)}, after ${stats.iterations} mini-batches`,
    years: "of each group's middle half; k-means was told none",
  });
  const documents = await allDocuments(client, collectionId);
  const members = membersOf(documents, id);
  showGroups(groups, members);
  checkSizes(groups, members, documents.length);
  const eras = groups.map(({ cluster_index }) => middleHalf(members.get(cluster_index) ?? []));
  const [oldest, newest] = farthestApart(eras);
  claim(oldest.to < newest.from, "no group is of another time than any other");
  checked(`Told no year, it found a group of ${inYears(oldest)} and one of ${inYears(newest)}`);
  await checkArrived(client, receiver, task, "cluster.execution.completed");
}

/** The documents by the group that each shows for this cluster. */
export function membersOf(
  documents: readonly CollectionDocument[],
  clusterId: string,
): ReadonlyMap<number, readonly CollectionDocument[]> {
  const members = new Map<number, CollectionDocument[]>();
  for (const document of documents) {
    const place = Assignments.parse(document.enrichments["clusters"] ?? {})[clusterId];
    claim(place !== undefined, `document ${document.document_id} is in no group`);
    const group = members.get(place.cluster_index);
    if (group === undefined) members.set(place.cluster_index, [document]);
    else group.push(document);
  }
  return members;
}

/** Compares the sizes that the cluster names with what the documents say of themselves. */
export function checkSizes(
  groups: readonly Pick<ClusterGroup, "cluster_index" | "size">[],
  members: ReadonlyMap<number, readonly unknown[]>,
  total: number,
): void {
  const wrong = groups.find(
    ({ cluster_index, size }) => members.get(cluster_index)?.length !== size,
  );
  claim(
    wrong === undefined && groups.length === members.size,
    `the sizes of the groups aren't those of the documents: ${JSON.stringify(wrong ?? null)}`,
  );
  checked(`Each of the ${number(total)} documents names its group, and the sizes match`);
}

function showGroups(
  groups: readonly ClusterGroup[],
  members: ReadonlyMap<number, readonly CollectionDocument[]>,
): void {
  line();
  line(dim(`${"size".padStart(SIZE_WIDTH)}  ${"years".padEnd(YEARS_WIDTH)}  top terms`));
  for (const { cluster_index, size, top_terms } of groups) {
    const years = inYears(middleHalf(members.get(cluster_index) ?? []));
    lineWith(`${number(size).padStart(SIZE_WIDTH)}  ${dim(years)}  `, top_terms.slice(0, TERMS));
  }
  line();
}

/** The era that ends first, and the one that begins last. */
function farthestApart(eras: readonly Years[]): readonly [Years, Years] {
  const oldest = eras.toSorted((a, b) => a.to - b.to)[0];
  const newest = eras.toSorted((a, b) => b.from - a.from)[0];
  claim(oldest !== undefined && newest !== undefined, "there are no groups");
  return [oldest, newest];
}
