import { row } from "../../src/content/clustering/points.ts";
import { blobs } from "./blobs.ts";
import type { ClusterModelRecord, ClusterRecord } from "../../src/content/cluster/cluster-store.ts";
import type { StepOutcome } from "../../src/engine/jobs/define-loop.ts";
import { buildCluster, type ClusterState } from "../../src/content/cluster/job/build-cluster.ts";
import { memoryStores, type StoredDocument } from "./cluster-stores.ts";
import type { Context } from "../../src/content/cluster/job/phase.ts";
import { collectionRecord, config, NOW, runtimeWith } from "./job-parts.ts";
import { unused } from "./unused-stores.ts";

// For unit tests of clusters: ports in memory, and a runner of one job.

/** A cluster over some collections, and one task that works for it. */
export type World = {
  readonly documents: Map<string, StoredDocument>;
  readonly models: Map<string, ClusterModelRecord>;
  readonly parts: Map<string, readonly string[]>;
  readonly collections: Set<string>;
  /** The database's operations, in order: `models.read`, `documents.page`, … */
  readonly operations: string[];
  readonly ctx: Context;
};

export type WorldOptions = {
  readonly dimensions?: number;
  readonly cluster?: Partial<ClusterRecord>;
  readonly embedders?: readonly string[];
};

/** Makes a {@link World} of these vectors; each document's text names its place. */
export function world(
  vectorsOfCollections: readonly (readonly Float32Array[])[],
  options: WorldOptions = {},
): World {
  // The same ids in every world of the same shape: results can be compared.
  const collectionIds = vectorsOfCollections.map((_, at) => `col_${at}`);
  const documents = new Map<string, StoredDocument>();
  vectorsOfCollections.forEach((vectors, at) => {
    vectors.forEach((embedding, place) => {
      const _id = `doc_${at}_${String(place).padStart(6, "0")}`;
      const text = `collection${at} subject${embedding.indexOf(Math.max(...embedding))} common`;
      documents.set(_id, { _id, collection_id: `col_${at}`, text, embedding, marks: {} });
    });
  });
  const collections = new Set(collectionIds);
  const operations: string[] = [];
  const models = new Map<string, ClusterModelRecord>();
  const parts = new Map<string, readonly string[]>();
  const resource: ClusterRecord = {
    _id: "clu_1",
    namespace_id: "ns",
    name: "c",
    collection_ids: collectionIds,
    k: 3,
    seed: 1,
    result_task_id: null,
    metadata: {},
    status: "PROCESSING",
    task_id: "tsk_5",
    error_message: null,
    task_version: 1,
    created_at: NOW,
    updated_at: NOW,
    ...options.cluster,
  };
  const collectionOf = (id: string) =>
    collectionRecord({
      _id: id,
      name: id,
      embedder: options.embedders?.[collectionIds.indexOf(id)] ?? "hashed-ngram-256",
      schema: { embedding: { dimensions: options.dimensions ?? 8 } },
    });
  const ctx: Context = {
    taskId: "tsk_5",
    namespaceId: "ns",
    attempt: 1,
    input: { cluster_id: resource._id },
    env: {},
    resource,
    config,
    runtime: runtimeWith({ random: noChance, fetch: unused }),
    stores: {
      collections: {
        find: (_namespace, id) => {
          operations.push("collections.find");
          return Promise.resolve(collections.has(id) ? collectionOf(id) : null);
        },
      },
      clustering: memoryStores({ documents, models, parts, operations }),
    },
  };
  return { documents, models, parts, collections, operations, ctx };
}

/** Documents of so many subjects, one after the other. */
export function subjects(count: number, each: number): Float32Array[] {
  const points = blobs(count, each);
  return Array.from({ length: points.count }, (_, at) => row(points, at));
}

/** Twenty documents of each of three subjects. */
export const threeSubjects = (options: WorldOptions = {}) => world([subjects(3, 20)], options);

function noChance(): never {
  throw new Error("chance is the seed's");
}

/** The state of an outcome, as the runner keeps it: through JSON and the job's own schema. */
export function stateOf(outcome: StepOutcome<ClusterState>): ClusterState {
  if (outcome.kind === "skip") throw new Error(`skipped: ${outcome.reason}`);
  return buildCluster.state.parse(JSON.parse(JSON.stringify(outcome.state)));
}

/** How a run is disturbed. */
export type Disturbance = {
  /** So many runners do each step at once, from the same state. */
  readonly times?: number;
  readonly between?: (step: number, state: ClusterState) => void;
  /** A context that takes the place of the world's for one step, whose failure costs nothing. */
  readonly dying?: (step: number) => Context | null;
  /** After that many steps the checkpoint is this one of so many steps before. */
  readonly rewind?: { readonly at: number; readonly by: number };
};

/** Runs a cluster to its end as the runner would: a step that throws runs again from its checkpoint. */
export async function run(
  { ctx }: World,
  { times = 1, between = () => {}, dying = () => null, rewind }: Disturbance = {},
): Promise<StepOutcome<ClusterState>> {
  const checkpoints: ClusterState[] = [];
  let outcome = await buildCluster.start({ cluster_id: ctx.resource._id }, ctx);
  for (let step = 0; outcome.kind === "next"; step++) {
    if (step > 2000) throw new Error("the job doesn't end");
    let state = stateOf(outcome);
    checkpoints.push(state);
    if (rewind?.at === step) state = checkpoints[Math.max(0, step - rewind.by)] ?? state;
    between(step, state);
    const deadly = dying(step);
    if (deadly !== null) await buildCluster.advance(state, deadly).catch(() => "it starts again");
    const outcomes = await Promise.all(
      Array.from({ length: times }, () => buildCluster.advance(state, ctx)),
    );
    outcome = outcomes.at(-1) ?? outcome;
  }
  return outcome;
}

/** What a run left behind: its model, and every document's mark. */
export function resultOf({ models, documents, ctx }: World) {
  return {
    model: models.get(ctx.taskId),
    marks: [...documents.values()].map((document) => document.marks[ctx.taskId]),
  };
}
