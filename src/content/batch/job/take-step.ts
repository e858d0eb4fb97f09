import { chunkText } from "../../embedding/chunk.ts";
import type { BatchRecord } from "../batch-store.ts";
import type { ObjectRecord } from "../../objects/object-store.ts";
import { type BatchState, withFailure } from "./batch-state.ts";
import type { ReadText, StepItem } from "./read-objects.ts";
import { failed, type TextOutcome } from "./text-outcome.ts";

/** Text that one step embeds, in code units. */
export const MAX_TEXT_PER_STEP = 256 * 1024;

/** Documents that one step writes. */
export const MAX_DOCUMENTS_PER_STEP = 1000;

/**
 * What one step's documents may weigh together: an object's metadata (up to 54 KiB) is copied to
 * each of its documents, and one call to a Durable Object carries 32 MiB.
 */
const MAX_WRITE_BYTES = 8 * 1024 * 1024;

/** A document's vector, ids and times. */
const DOCUMENT_OVERHEAD_BYTES = 1536;

/** A code unit has at most three bytes of UTF-8. */
const BYTES_PER_CODE_UNIT = 3;

/** One piece of one object, to be embedded and written. */
export type Piece = {
  readonly object: ObjectRecord;
  readonly index: number;
  readonly text: string;
};

/** What one step takes on, and the state once that is written. */
export type StepWork = { readonly pieces: readonly Piece[]; readonly state: BatchState };

/**
 * Goes through a step's items until they or one of the step's limits are used up. It stops before
 * the first chunk that doesn't fit, inside an object too, so a step's work is bounded by the limits
 * and never by an object. A long object is read and cut again in each of its steps; cutting 1 MiB
 * takes 10 ms. A URL's content is fetched again then; if it changed meanwhile, its documents are
 * partly of the one and partly of the other.
 */
export async function takeStep(
  items: readonly StepItem[],
  readText: ReadText,
  options: BatchRecord["options"],
  before: BatchState,
): Promise<StepWork> {
  const room = createRoom();
  const pieces: Piece[] = [];
  let state = before;
  for (const item of items) {
    if (!room.fits(options.chunk_size, 0)) break;
    const outcome = await readText(item);
    if (outcome === null) break;
    if (outcome.kind === "failed" || item.object === null) {
      state = afterFailure(state, item, outcome);
      continue;
    }
    const chunks = chunkText(outcome.text, {
      size: options.chunk_size,
      overlap: options.chunk_overlap,
    });
    const from = state.partial?.object_id === item.objectId ? state.partial.chunk : 0;
    const to = take(item.object, chunks, from);
    state = afterChunks(state, item, { from, to, all: chunks.length });
    if (to < chunks.length) break;
  }
  return { pieces, state };

  /** Takes chunks from one on, as many as there is room for, but a step's first one always. */
  function take(object: ObjectRecord, chunks: readonly string[], from: number): number {
    const metadataBytes = JSON.stringify(object.metadata).length * BYTES_PER_CODE_UNIT;
    for (let index = from; index < chunks.length; index++) {
      const text = chunks[index] ?? "";
      if (pieces.length > 0 && !room.fits(text.length, metadataBytes)) return index;
      room.use(text.length, metadataBytes);
      pieces.push({ object, index, text });
    }
    // A URL's content may have become shorter than what was written of it.
    return Math.max(from, chunks.length);
  }
}

/** The state behind an item that can't be used (any more: its first chunks may be written). */
function afterFailure(state: BatchState, item: StepItem, outcome: TextOutcome): BatchState {
  const { code, message } =
    outcome.kind === "failed" ? outcome : failed("object_not_found", "The object was removed.");
  const failure = { object_id: item.objectId, code, message };
  return withFailure({ ...state, position: item.next, partial: null }, failure);
}

/** The state once the chunks [from, to) of an item are written, of all that it has. */
function afterChunks(
  state: BatchState,
  item: StepItem,
  chunks: { readonly from: number; readonly to: number; readonly all: number },
): BatchState {
  const documents = state.documents + chunks.to - chunks.from;
  if (chunks.to < chunks.all) {
    // Nothing was taken when the step was full: the object is still untouched, or where it was.
    const partial = chunks.to === 0 ? null : { object_id: item.objectId, chunk: chunks.to };
    return { ...state, documents, partial };
  }
  const completed = state.completed + 1;
  return { ...state, documents, completed, position: item.next, partial: null };
}

/** What is left of a step's limits. */
function createRoom() {
  let text = MAX_TEXT_PER_STEP;
  let documents = MAX_DOCUMENTS_PER_STEP;
  let bytes = MAX_WRITE_BYTES;
  return {
    fits: (length: number, metadataBytes: number) =>
      length <= text && documents > 0 && weigh(length, metadataBytes) <= bytes,
    use: (length: number, metadataBytes: number) => {
      text -= length;
      documents--;
      bytes -= weigh(length, metadataBytes);
    },
  };
}

function weigh(length: number, metadataBytes: number): number {
  return length * BYTES_PER_CODE_UNIT + metadataBytes + DOCUMENT_OVERHEAD_BYTES;
}
