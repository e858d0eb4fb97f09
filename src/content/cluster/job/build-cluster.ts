import { z } from "zod";
import { ClusterId } from "../../../contract/ids.ts";
import type { Progress } from "../../../contract/task.ts";
import {
  CLUSTER_PHASES,
  type ClusterModelRecord,
  type ClusterPart,
  type ClusterPhase,
} from "../cluster-store.ts";
import { createCollectionStore } from "../../collections/create-collection-store.ts";
import { CLUSTERS } from "../cluster-kind.ts";
import { createClusterModelStore } from "../create-cluster-model-store.ts";
import { createClusteredDocumentStore } from "../create-clustered-document-store.ts";
import { NO_TREND } from "../../clustering/convergence.ts";
import {
  defineLoop,
  NonRetryableError,
  type StepOutcome,
} from "../../../engine/jobs/define-loop.ts";
import { assign } from "./assign.ts";
import { chooseK } from "./choose-k.ts";
import { describe } from "./describe.ts";
import { mostBatches, score, seed, train, trainingShard } from "./find-centroids.ts";
import { SEEDING_SHARDS } from "./limits.ts";
import { type ClusterJobStores, type Context, type Phase, tooFewDocuments } from "./phase.ts";
import { deal, FIRST_DOCUMENT, scan } from "./sample.ts";

const Input = z.object({ cluster_id: ClusterId });

/**
 * The checkpoint says where the run was, and what to read with it; the run itself is a document of
 * its own (`ClusterModelRecord`). A checkpoint that is behind, after a crash, catches up with it.
 */
const State = z.object({
  step: z.int().min(0),
  phase: z.enum(CLUSTER_PHASES),
  /** The parts that the next step needs. */
  parts: z.object({ kind: z.enum(["page", "shard"]), from: z.int().min(0), count: z.int().min(0) }),
  /** Once it is done. */
  result: z
    .object({
      num_clusters: z.int(),
      documents_assigned: z.int(),
      inertia: z.number(),
      silhouette: z.number().nullable(),
      iterations: z.int(),
    })
    .nullable(),
});

export type ClusterState = z.infer<typeof State>;

const PHASES: Readonly<Record<Exclude<ClusterPhase, "done">, Phase>> = {
  scan,
  deal,
  choose: chooseK,
  seed,
  train,
  score,
  assign,
  describe,
};

/**
 * Groups the documents of a cluster's collections: k-means++ and mini-batch k-means on a random
 * sample, then every document goes to its nearest centroid.
 *
 * Each step reads the run and what the phase needs, and writes the run on condition that nobody has
 * done the same step: so a step that runs twice, a crash between two writes and a runner that was
 * taken for dead change nothing. A step takes at most about 80 ms of CPU time at 256 dimensions, and
 * two reads and two writes of the database. Nothing that a run writes is shown before its task is
 * COMPLETED; so there is nothing to undo but to tidy up.
 */
export const buildCluster = defineLoop({
  type: "engine_cluster_build",
  input: Input,
  state: State,
  attempts: 3,
  resource: CLUSTERS,
  stores: ({ database }): ClusterJobStores => ({
    collections: createCollectionStore(database),
    clustering: {
      models: createClusterModelStore(database),
      documents: createClusteredDocumentStore(database),
    },
  }),
  start,
  advance,
  conclude: (state, ending, ctx) => {
    if (state.result === null || ending !== "COMPLETED") return { outputs: [], events: [] };
    const result = { cluster_id: ctx.resource._id, ...state.result };
    return { outputs: [result], events: [{ type: "cluster.execution.completed", data: result }] };
  },
  undo: (_state, ctx) => ctx.stores.clustering.models.removeRun(ctx.taskId, "nothing"),
});

async function start(_input: unknown, ctx: Context): Promise<StepOutcome<ClusterState>> {
  const { _id: clusterId, collection_ids, k, result_task_id } = ctx.resource;
  const { models, documents } = ctx.stores.clustering;
  if (result_task_id !== null && result_task_id > ctx.taskId) {
    return { kind: "skip", reason: `The newer run ${result_task_id} has results already.` };
  }
  const dimensions = await dimensionsOf(ctx);
  const count = await documents.count(collection_ids);
  if (count === 0) return { kind: "skip", reason: "The collections hold no documents." };
  if (count < (k === "auto" ? 2 : k)) throw tooFewDocuments(count, k);
  // Older ones than the shown one can't be shown again; newer ones may be, when their end is known.
  const kept = (await models.doneRuns(clusterId)).filter(
    (run) => run < ctx.taskId && run >= (result_task_id ?? ""),
  );
  await models.removeOlder(clusterId, ctx.taskId, kept);
  const model = emptyModel(ctx, { dimensions, documents: count, kept_runs: kept });
  await models.create(model);
  return outcomeOf(model);
}

/** The dimensions that all collections share. */
async function dimensionsOf(ctx: Context): Promise<number> {
  const embedders = new Map<string, number>();
  for (const id of ctx.resource.collection_ids) {
    const collection = await ctx.stores.collections.find(ctx.namespaceId, id);
    if (collection === null) {
      throw new NonRetryableError(
        "collection_not_found",
        `The cluster's collection "${id}" no longer exists.`,
      );
    }
    embedders.set(collection.embedder, collection.schema.embedding.dimensions);
  }
  const [dimensions] = embedders.values();
  if (dimensions === undefined || embedders.size > 1) {
    throw new NonRetryableError(
      "embedders_differ",
      "Vectors of several embedders can't be compared.",
    );
  }
  return dimensions;
}

async function advance(state: ClusterState, ctx: Context): Promise<StepOutcome<ClusterState>> {
  const { models } = ctx.stores.clustering;
  const found = await models.read(ctx.taskId, partsOf(state));
  if (found === null) {
    throw new NonRetryableError(
      "run_gone",
      "What this run had found was deleted with its cluster.",
    );
  }
  const { model, parts } = found;
  // Done already, by this runner before a crash or by another one: go on from there.
  if (model.step !== state.step || model.phase === "done") return outcomeOf(model);
  const changes = await PHASES[model.phase]({ model, parts, ctx });
  await models.advance(ctx.taskId, model.step, changes);
  return outcomeOf({ ...model, ...changes, step: model.step + 1 });
}

function emptyModel(
  ctx: Context,
  found: Pick<ClusterModelRecord, "dimensions" | "documents" | "kept_runs">,
): ClusterModelRecord {
  const { k } = ctx.resource;
  return {
    ...found,
    _id: ctx.taskId,
    namespace_id: ctx.namespaceId,
    cluster_id: ctx.resource._id,
    task_id: ctx.taskId,
    kind: "model",
    step: 0,
    phase: "scan",
    updated_at: null,
    k: k === "auto" ? null : k,
    cursor: FIRST_DOCUMENT,
    parts: 0,
    sampled: 0,
    candidates: [],
    centroids: null,
    distances: null,
    counts: [],
    iterations: 0,
    trend: NO_TREND,
    silhouette: null,
    assigned: 0,
    inertia: 0,
    sizes: [],
    nearest: [],
    background: null,
    described: 0,
    clusters: [],
  };
}

function outcomeOf(model: ClusterModelRecord): StepOutcome<ClusterState> {
  const isDone = model.phase === "done";
  return {
    kind: isDone ? "done" : "next",
    state: {
      step: model.step,
      phase: model.phase,
      parts: neededParts(model),
      result: isDone
        ? {
            num_clusters: model.clusters.length,
            documents_assigned: model.assigned,
            inertia: model.inertia,
            silhouette: model.silhouette,
            iterations: model.iterations,
          }
        : null,
    },
    progress: progressOf(model),
  };
}

function neededParts(model: ClusterModelRecord): ClusterState["parts"] {
  switch (model.phase) {
    case "deal":
      return { kind: "page", from: 0, count: model.parts };
    case "seed":
      return { kind: "shard", from: 0, count: Math.min(SEEDING_SHARDS, model.parts) };
    case "train":
      return { kind: "shard", from: trainingShard(model), count: 1 };
    case "choose":
    case "score":
      return { kind: "shard", from: 0, count: 1 };
    case "describe":
      return { kind: "shard", from: 0, count: model.background === null ? 1 : 0 };
    case "scan":
    case "assign":
    case "done":
      return { kind: "shard", from: 0, count: 0 };
  }
}

function partsOf({ parts: { kind, from, count } }: ClusterState): readonly ClusterPart[] {
  return Array.from({ length: count }, (_, at) => ({ kind, number: from + at }));
}

/**
 * Counts the mini-batches of the training, which is most of the work, then the documents that know
 * where they belong. Of the short phases besides these the message says what goes on.
 */
function progressOf(model: ClusterModelRecord): Progress {
  if (model.phase === "train") {
    // It may converge before the last one.
    const total = mostBatches(model);
    return { completed: model.iterations, total, unit: "mini-batches", message: "train" };
  }
  return {
    completed: model.assigned,
    // More than there were at the start when some came meanwhile; fewer are left when some went.
    total: model.phase === "done" ? model.assigned : Math.max(model.documents, model.assigned),
    unit: "documents",
    message: model.phase === "done" ? null : model.phase,
  };
}
