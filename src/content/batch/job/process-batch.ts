import { z } from "zod";
import { BatchId, BucketId } from "../../../contract/ids.ts";
import { findEmbedder } from "../../embedding/embedders.ts";
import type { Progress } from "../../../contract/task.ts";
import type { BatchRecord } from "../batch-store.ts";
import type { DocumentRecord, DocumentStore } from "../../documents/document-store.ts";
import { outboundFetch } from "../../../outbound/outbound-fetch.ts";
import {
  defineLoop,
  type LoopContext,
  NonRetryableError,
  type StepOutcome,
} from "../../../engine/jobs/define-loop.ts";
import type { ResourceStore } from "../../../ports/resource-store.ts";
import type { CollectionRecord } from "../../collections/collection-store.ts";
import { createCollectionStore } from "../../collections/create-collection-store.ts";
import { createDocumentStore } from "../../documents/create-document-store.ts";
import { createObjectStore } from "../../objects/create-object-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { BATCHES } from "../batch-kind.ts";
import { BatchState, initialState, type Position } from "./batch-state.ts";
import { documentId } from "./document-id.ts";
import { createReadText, isAtEnd, MAX_URLS_PER_STEP, readObjects } from "./read-objects.ts";
import { readUrl } from "./read-url.ts";
import { type Piece, takeStep } from "./take-step.ts";
import { createUrlRefusal } from "./url-refusal.ts";
import { withWritten } from "./written-fields.ts";

const Input = z.object({ bucket_id: BucketId, batch_id: BatchId });

/** What a batch reads and writes. */
export type BatchStores = {
  readonly collections: Pick<ResourceStore<CollectionRecord>, "find">;
  readonly objects: ObjectStore;
  readonly documents: Pick<DocumentStore, "writeMany" | "countOf">;
};

export type BatchContext = LoopContext<z.infer<typeof Input>, unknown, BatchRecord, BatchStores>;

/**
 * Turns a batch's objects into documents: reads their text, splits it into chunks, embeds each and
 * writes them to the collection.
 *
 * A step takes up to 100 objects (24 of a chosen list), 256 Ki code units of text and 1,000
 * documents, with one read and one write of the database. A full one takes 16 to 35 ms of CPU time with the default options, and
 * at most 60 ms (1 MiB objects in the smallest chunks) on one core, in workerd as in Node 24,
 * without what the driver does.
 *
 * Unusable objects are counted and the batch continues; at the end it is FAILED if they were more
 * than half. There is no undo: the documents of a killed or failed batch stay, its outputs say how
 * many there are, and running it again writes the same ones.
 */
export const processBatch = defineLoop({
  type: "api_buckets_batches_process",
  input: Input,
  state: BatchState,
  attempts: 3,
  resource: BATCHES,
  stores: ({ database }): BatchStores => ({
    collections: createCollectionStore(database),
    objects: createObjectStore(database),
    documents: createDocumentStore(database),
  }),
  start,
  advance,
  recount,
  conclude: (state, _ending, ctx) => {
    const { _id, bucket_id, collection_id } = ctx.resource;
    const documents_written = state.documents;
    return {
      outputs: [
        {
          collection_id,
          documents_written,
          // All that were looked at, failed ones among them.
          objects_processed: state.completed,
          objects_failed: state.failed,
          failures: state.failures,
        },
      ],
      events:
        documents_written === 0
          ? []
          : [
              {
                type: "collection.documents.written",
                data: {
                  collection_id,
                  bucket_id,
                  batch_id: _id,
                  documents_written,
                  ...writtenOf(state),
                },
              },
            ],
    };
  },
});

/** What the event says of the documents that were written, by which the collection's schema grows. */
function writtenOf({ embedder, dimensions, declared_dimensions, fields, more_fields }: BatchState) {
  return { embedding: { embedder, dimensions, declared_dimensions }, fields, more_fields };
}

async function start(_input: unknown, ctx: BatchContext): Promise<StepOutcome<BatchState>> {
  const batch = ctx.resource;
  const extent = await extentOf(batch, ctx);
  if (extent === null) return { kind: "skip", reason: "The batch has no objects." };
  const collection = await ctx.stores.collections.find(ctx.namespaceId, batch.collection_id);
  const embedder = collection?.embedder ?? "";
  const declared = collection?.schema.embedding.dimensions ?? null;
  const state = initialState(embedder, extent.position, extent.total, declared);
  if (collection === null) {
    return fail(state, "collection_not_found", "The batch's collection no longer exists.");
  }
  if (findEmbedder(embedder) === null) {
    return fail(state, "embedder_not_found", `There is no embedder "${embedder}" here.`);
  }
  return { kind: "next", state, progress: progressOf(state) };
}

/** How many objects there are, and where they begin; null when there are none (any more). */
async function extentOf(
  batch: BatchRecord,
  ctx: BatchContext,
): Promise<{ readonly position: Position; readonly total: number } | null> {
  const { objects } = ctx.stores;
  if (batch.object_ids !== null) {
    if (batch.object_ids.length === 0) return null;
    const existing = await objects.existing(batch.bucket_id, batch.object_ids);
    if (existing.length === 0) return null;
    return { position: { kind: "chosen", index: 0 }, total: batch.object_ids.length };
  }
  const extent = await objects.extent(batch.bucket_id);
  if (extent === null) return null;
  // Objects that come later have higher ids (but for the same millisecond, or a clock behind): what
  // is there now is a range. One that slips in is either processed or not; nothing is lost by it.
  return {
    position: { kind: "all", after_id: null, through_id: extent.lastId },
    total: extent.count,
  };
}

async function advance(before: BatchState, ctx: BatchContext): Promise<StepOutcome<BatchState>> {
  const batch = ctx.resource;
  const items = await readObjects(ctx.stores.objects, batch, before.position);
  const fetch = outboundFetch(ctx.config.egressProxy, ctx.runtime);
  const refusal = createUrlRefusal(ctx);
  // In the middle of a long page only that page is fetched: the others wouldn't be reached.
  const maxUrls = before.partial !== null ? 1 : MAX_URLS_PER_STEP;
  const readText = createReadText(items, maxUrls, (url) => readUrl(url, { fetch, refusal }));
  const { pieces, state: after } = await takeStep(items, readText, batch.options, before);
  const documents = pieces.length > 0 ? await documentsOf(pieces, after.embedder, ctx) : [];
  if (documents.length > 0) await ctx.stores.documents.writeMany(documents);
  const state = withWritten(after, documents);
  if (items.length === 0 || isAtEnd(batch, state.position)) return finish(state);
  return { kind: "next", state, progress: progressOf(state) };
}

/**
 * Counts the documents of the objects that the state has not got to: what was before them it knows.
 * Their metadata fields it doesn't: the collection's schema may miss some that only they have.
 */
async function recount(state: BatchState, ctx: BatchContext): Promise<BatchState> {
  const { collection_id, object_ids } = ctx.resource;
  const { position, partial } = state;
  const ahead =
    position.kind === "all"
      ? { afterId: position.after_id, throughId: position.through_id }
      : { ids: object_ids?.slice(position.index) ?? [] };
  const found = await ctx.stores.documents.countOf(ctx.taskId, collection_id, ahead);
  // The first chunks of an object in work are counted already.
  return { ...state, documents: state.documents + Math.max(0, found - (partial?.chunk ?? 0)) };
}

async function documentsOf(
  pieces: readonly Piece[],
  embedderName: string,
  ctx: BatchContext,
): Promise<DocumentRecord[]> {
  const embedder = findEmbedder(embedderName);
  if (embedder === null) {
    throw new NonRetryableError("embedder_not_found", `There is no embedder "${embedderName}".`);
  }
  const { collection_id } = ctx.resource;
  const embeddings = await embedder.embed(pieces.map((piece) => piece.text));
  const now = ctx.runtime.now();
  return Promise.all(
    pieces.map(async ({ object, index, text }, at): Promise<DocumentRecord> => {
      const embedding = embeddings[at];
      if (embedding === undefined) throw new Error(`${embedderName} gave too few vectors`);
      return {
        _id: await documentId(collection_id, object._id, index),
        namespace_id: ctx.namespaceId,
        collection_id,
        object_id: object._id,
        chunk_index: index,
        text,
        metadata: object.metadata,
        enrichments: {},
        embedding,
        task_id: ctx.taskId,
        created_at: now,
        updated_at: now,
      };
    }),
  );
}

function finish(state: BatchState): StepOutcome<BatchState> {
  if (state.failed * 2 > state.completed) {
    const [first] = state.failures;
    return fail(
      state,
      "too_many_failures",
      `${state.failed} of ${state.completed} objects could not be processed. ` +
        `The first: ${first?.code ?? "unknown"}. The task's outputs list them.`,
    );
  }
  // Objects that were removed meanwhile are no longer part of the total.
  const done = { ...state, total: state.completed };
  return { kind: "done", state: done, progress: progressOf(done) };
}

function fail(state: BatchState, code: string, message: string): StepOutcome<BatchState> {
  const { completed, failed } = state;
  return { kind: "fail", state, code, message, details: { completed, failed } };
}

function progressOf({ completed, total }: BatchState): Progress {
  // More than the total when an object slipped into the range: see extentOf.
  return { completed, total: Math.max(completed, total), unit: "objects", message: null };
}
