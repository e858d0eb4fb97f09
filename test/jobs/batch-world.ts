import type { BatchRecord } from "../../src/content/batch/batch-store.ts";
import type { DocumentRecord } from "../../src/content/documents/document-store.ts";
import type { ObjectContent, ObjectRecord } from "../../src/content/objects/object-store.ts";
import type { StepOutcome } from "../../src/engine/jobs/define-loop.ts";
import { BatchState } from "../../src/content/batch/job/batch-state.ts";
import { type BatchContext, processBatch } from "../../src/content/batch/job/process-batch.ts";
import { collectionRecord, config, newId, NOW, runtimeWith } from "./job-parts.ts";
import { unusedObjects } from "./unused-stores.ts";

// For unit tests of batches: ports in memory, and a runner of one job.

export const COLLECTION = newId("collection");
export const BUCKET = newId("bucket");
export const INPUT = { bucket_id: BUCKET, batch_id: newId("batch") };

/** A bucket with objects, a collection, and a batch of the one into the other. */
export type World = {
  readonly objects: Map<string, ObjectRecord>;
  readonly documents: Map<string, DocumentRecord>;
  /** What each writeMany wrote; the reads of objects; the URLs fetched. */
  readonly writes: (readonly DocumentRecord[])[];
  readonly reads: string[];
  readonly fetched: string[];
  readonly ctx: BatchContext;
};

/** Makes a {@link World} of these contents, one object each. */
export function world(
  contents: readonly ObjectContent[],
  batch: Partial<BatchRecord> = {},
  collectionExists = true,
): World {
  const records = contents.map((content) => objectOf(content));
  const objects = new Map(records.map((object) => [object._id, object]));
  const documents = new Map<string, DocumentRecord>();
  const writes: (readonly DocumentRecord[])[] = [];
  const reads: string[] = [];
  const fetched: string[] = [];
  const inOrder = () => [...objects.values()].toSorted((a, b) => (a._id < b._id ? -1 : 1));
  const resource: BatchRecord = {
    _id: INPUT.batch_id,
    namespace_id: "ns",
    bucket_id: BUCKET,
    collection_id: COLLECTION,
    object_ids: null,
    options: { chunk_size: 200, chunk_overlap: 20 },
    metadata: {},
    status: "PROCESSING",
    task_id: "tsk",
    reserved_task_id: "tsk",
    error_message: null,
    task_version: 1,
    created_at: NOW,
    updated_at: NOW,
    ...batch,
  };
  const collection = collectionRecord({ _id: COLLECTION, name: "c" });
  const ctx: BatchContext = {
    taskId: "tsk",
    namespaceId: "ns",
    attempt: 1,
    input: INPUT,
    env: {},
    resource,
    config,
    runtime: runtimeWith({
      random: () => 0.5,
      fetch: (url) => {
        fetched.push(url);
        return Promise.resolve(
          new Response(`The page at ${url}`, { headers: { "content-type": "text/plain" } }),
        );
      },
    }),
    stores: {
      collections: {
        find: () => Promise.resolve(collectionExists ? collection : null),
      },
      documents: {
        countOf: (taskId, _collection, range) =>
          Promise.resolve(
            [...documents.values()].filter(
              ({ task_id, object_id }) =>
                task_id === taskId &&
                ("ids" in range
                  ? range.ids.includes(object_id)
                  : object_id > (range.afterId ?? "") && object_id <= range.throughId),
            ).length,
          ),
        writeMany: (written) => {
          writes.push(written);
          for (const document of written) documents.set(document._id, document);
          return Promise.resolve();
        },
      },
      objects: {
        ...unusedObjects,
        range: (_bucket, after, through, limit) => {
          reads.push("range");
          const rows = inOrder().filter(({ _id }) => _id > (after ?? "") && _id <= through);
          return Promise.resolve(rows.slice(0, limit));
        },
        pick: (_bucket, ids) => {
          reads.push("pick");
          return Promise.resolve(inOrder().filter(({ _id }) => ids.includes(_id)));
        },
        existing: (_bucket, ids) => Promise.resolve(ids.filter((id) => objects.has(id))),
        extent: () => {
          const last = inOrder().at(-1);
          return Promise.resolve(last ? { count: objects.size, lastId: last._id } : null);
        },
      },
    },
  };
  return { objects, documents, writes, reads, fetched, ctx };
}

/** A new object of the bucket. */
export function objectOf(content: ObjectContent): ObjectRecord {
  const _id = newId("object");
  return {
    _id,
    namespace_id: "ns",
    bucket_id: BUCKET,
    key: _id,
    content,
    metadata: { lang: "en" },
    created_at: NOW,
    updated_at: NOW,
  };
}

/** A content of this text. */
export const text = (value: string): ObjectContent => ({ kind: "text", text: value });
/** A content that makes its object fail. */
export const blank = text(" ");
/** A content of so many words. */
export const words = (count: number) =>
  text(Array.from({ length: count }, (_, index) => `word${index}`).join(" "));

/** The state of an outcome, as the runner keeps it: through JSON and the job's own schema. */
export function stateOf(outcome: StepOutcome<BatchState>): BatchState {
  if (outcome.kind === "skip") throw new Error(`skipped: ${outcome.reason}`);
  return BatchState.parse(JSON.parse(JSON.stringify(outcome.state)));
}

/** How a run is disturbed. */
export type Disturbance = {
  /** Each step runs so many times over from the same state. */
  readonly times?: number;
  readonly between?: (step: number) => void;
  /** At this step the database loses the documents, or takes them and its answer is lost. */
  readonly crash?: { readonly step: number; readonly lost: "write" | "answer" };
};

/** Runs a batch to its end as the runner would: a step that throws runs again from its checkpoint. */
export async function run(
  { ctx }: World,
  { times = 1, between = () => {}, crash }: Disturbance = {},
): Promise<StepOutcome<BatchState>> {
  let outcome = await processBatch.start(INPUT, ctx);
  for (let step = 0; outcome.kind === "next"; step++) {
    if (step > 1000) throw new Error("the job doesn't end");
    const state = stateOf(outcome);
    between(step);
    if (crash?.step === step) {
      const dying = crashing(ctx, crash.lost);
      await processBatch.advance(state, dying).catch(() => "it starts again below");
    }
    for (let time = 0; time < times; time++) outcome = await processBatch.advance(state, ctx);
  }
  return outcome;
}

function crashing(ctx: BatchContext, lost: "write" | "answer"): typeof ctx {
  const { documents } = ctx.stores;
  const writeMany: typeof documents.writeMany = async (written) => {
    if (lost === "answer") await documents.writeMany(written);
    throw new Error("the machine stopped");
  };
  return { ...ctx, stores: { ...ctx.stores, documents: { ...documents, writeMany } } };
}

/** What the task shows in the end. */
export function outputOf(
  { ctx }: World,
  outcome: StepOutcome<BatchState>,
): Record<string, unknown> {
  const [output] = processBatch.conclude(stateOf(outcome), "COMPLETED", ctx).outputs;
  if (typeof output !== "object") throw new Error("expected one object");
  return output;
}
