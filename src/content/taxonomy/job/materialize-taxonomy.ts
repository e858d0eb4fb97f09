import { z } from "zod";
import { CollectionId, TaxonomyId } from "../../../contract/ids.ts";
import type { Progress } from "../../../contract/task.ts";
import { findEmbedder } from "../../embedding/embedders.ts";
import type { ResourceStore } from "../../../ports/resource-store.ts";
import type { CollectionRecord } from "../../collections/collection-store.ts";
import { createCollectionStore } from "../../collections/create-collection-store.ts";
import { createLabelStore } from "../create-label-store.ts";
import { createTaxonomyStore } from "../create-taxonomy-store.ts";
import { TAXONOMIES } from "../taxonomy-kind.ts";
import type { LabelStore, TaxonomyRecord, TaxonomyStore } from "../taxonomy-store.ts";
import {
  defineLoop,
  type LoopContext,
  NonRetryableError,
  type StepOutcome,
} from "../../../engine/jobs/define-loop.ts";
import { type EmbeddedNode, embedNodes, nearestNode } from "./nearest-node.ts";

const Input = z.object({ taxonomy_id: TaxonomyId, collection_id: CollectionId });

/** What a taxonomy's job reads and writes. */
type Stores = {
  readonly collections: Pick<ResourceStore<CollectionRecord>, "find">;
  readonly taxonomies: Pick<TaxonomyStore, "update">;
  readonly labels: LabelStore;
};

type Context = LoopContext<z.infer<typeof Input>, unknown, TaxonomyRecord, Stores>;

/** How many comparisons of a document and a node a step makes: some 50 ms of CPU time at 256 dimensions. */
const COMPARISONS_PER_STEP = 100_000;

/** How many documents a step reads at the most: some 300 KiB of vectors, and one command of updates. */
const DOCUMENTS_PER_STEP = 250;

/** Documents that were written while the job ran are found in another pass; not for ever. */
const MAX_PASSES = 3;

const State = z.object({
  collection_id: CollectionId,
  embedder: z.string(),
  after_id: z.string().nullable(),
  /** From 1. */
  pass: z.int().min(1),
  /** Whether this pass has met a document. */
  met: z.boolean(),
  total: z.int().min(0),
  labelled: z.int().min(0),
  below_threshold: z.int().min(0),
});

type State = z.infer<typeof State>;

/**
 * Labels every document of a collection with the nearest node of a taxonomy. Only documents that
 * have no label since they were last written are touched, so that a second run does what is new
 * or changed and nothing else, and a step that runs twice finds its work done.
 *
 * A step is one read and one write; it costs at most about 60 ms of CPU time. There is no undo:
 * labels of a run that was killed stay, each of them is right, and the next run goes on from there.
 */
export const materializeTaxonomy = defineLoop({
  type: "api_taxonomies_materialize",
  input: Input,
  state: State,
  attempts: 3,
  resource: TAXONOMIES,
  stores: ({ database }): Stores => ({
    collections: createCollectionStore(database),
    taxonomies: createTaxonomyStore(database),
    labels: createLabelStore(database),
  }),
  start,
  advance,
  conclude: ({ collection_id, labelled, below_threshold }, _ending, { resource }) => {
    const counts = { documents_labelled: labelled, documents_below_threshold: below_threshold };
    return {
      outputs: [{ collection_id, ...counts }],
      events: [
        {
          type: "taxonomy.materialized",
          data: { taxonomy_id: resource._id, collection_id, ...counts },
        },
      ],
    };
  },
});

async function start(
  { collection_id }: z.infer<typeof Input>,
  ctx: Context,
): Promise<StepOutcome<State>> {
  const { resource, stores } = ctx;
  const collection = await stores.collections.find(ctx.namespaceId, collection_id);
  if (collection === null) {
    throw new NonRetryableError("collection_not_found", "The collection no longer exists.");
  }
  await stores.taxonomies.update(resource._id, ctx.taskId, { collection_id });
  const total = await stores.labels.countUnlabelled(collection_id, resource._id);
  // An attempt that died before its first checkpoint may have labelled them: then it was this task.
  if (total === 0 && ctx.attempt === 1) {
    return { kind: "skip", reason: "Every document of the collection is labelled already." };
  }
  const state: State = {
    collection_id,
    embedder: collection.embedder,
    after_id: null,
    pass: 1,
    met: false,
    total,
    labelled: 0,
    below_threshold: 0,
  };
  return { kind: "next", state, progress: progressOf(state) };
}

async function advance(before: State, ctx: Context): Promise<StepOutcome<State>> {
  const { resource, stores } = ctx;
  const nodes = await nodesOf(resource, before.embedder);
  const limit = Math.min(
    DOCUMENTS_PER_STEP,
    Math.max(1, Math.floor(COMPARISONS_PER_STEP / nodes.length)),
  );
  const documents = await stores.labels.unlabelled(
    before.collection_id,
    resource._id,
    before.after_id,
    limit,
  );
  const last = documents.at(-1);
  if (last === undefined) return endOfPass(before);
  const labels = documents.map((document) => ({
    document,
    label: nearestNode(document.embedding, nodes, resource.threshold),
  }));
  await stores.labels.label(resource._id, labels, ctx.runtime.now());
  const below = labels.filter(({ label }) => label.node_id === null).length;
  const state: State = {
    ...before,
    after_id: last._id,
    met: true,
    labelled: before.labelled + labels.length - below,
    below_threshold: before.below_threshold + below,
  };
  return { kind: "next", state, progress: progressOf(state) };
}

function endOfPass(before: State): StepOutcome<State> {
  const isDone = !before.met || before.pass >= MAX_PASSES;
  if (isDone) return { kind: "done", state: before, progress: progressOf(before) };
  const state: State = { ...before, after_id: null, met: false, pass: before.pass + 1 };
  return { kind: "next", state, progress: progressOf(state) };
}

function progressOf(state: State): Progress {
  const completed = state.labelled + state.below_threshold;
  // What was written meanwhile comes on top.
  const total = Math.max(state.total, completed);
  return { completed, total, unit: "documents", message: null };
}

/** The nodes of a taxonomy embedded once for the invocation, which works on one and the same record. */
const embedded = new WeakMap<TaxonomyRecord, Promise<readonly EmbeddedNode[]>>();

function nodesOf(taxonomy: TaxonomyRecord, name: string): Promise<readonly EmbeddedNode[]> {
  const known = embedded.get(taxonomy);
  if (known !== undefined) return known;
  const embedder = findEmbedder(name);
  if (embedder === null) {
    throw new NonRetryableError("embedder_not_found", `There is no embedder "${name}" here.`);
  }
  const nodes = embedNodes(taxonomy, embedder);
  embedded.set(taxonomy, nodes);
  return nodes;
}
