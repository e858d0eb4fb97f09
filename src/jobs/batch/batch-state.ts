import { z } from "zod";
import { ObjectFailureCode } from "./text-outcome.ts";

/** How many failures a task's outputs list; the rest is only counted. */
const LISTED_FAILURES = 20;

const Failure = z.object({
  object_id: z.string(),
  code: ObjectFailureCode,
  message: z.string(),
});

/** Where a batch stands: before an object, and there before a chunk. */
const Position = z.discriminatedUnion("kind", [
  /** All objects that the bucket held at the start, in order of id: those after one and through another. */
  z.object({
    kind: z.literal("all"),
    after_id: z.string().nullable(),
    through_id: z.string(),
  }),
  /** The chosen objects, in the batch's own order: the next one. */
  z.object({ kind: z.literal("chosen"), index: z.int().min(0) }),
]);

export type Position = z.infer<typeof Position>;

/** What a batch remembers between two steps: some 3 KiB at most, whatever it works on. */
export const BatchState = z.object({
  /** The collection's embedder, so that no step reads the collection again. */
  embedder: z.string(),
  position: Position,
  /** A long object of which the chunks before this one are written; null between two objects. */
  partial: z.object({ object_id: z.string(), chunk: z.int().min(1) }).nullable(),
  /** Objects that are done with, failed ones among them. */
  completed: z.int().min(0),
  total: z.int().min(0),
  documents: z.int().min(0),
  failed: z.int().min(0),
  failures: z.array(Failure).max(LISTED_FAILURES),
});

export type BatchState = z.infer<typeof BatchState>;

/** The state before the first step. */
export function initialState(embedder: string, position: Position, total: number): BatchState {
  return {
    embedder,
    position,
    partial: null,
    completed: 0,
    total,
    documents: 0,
    failed: 0,
    failures: [],
  };
}

/** The state after an object that can't be used. */
export function withFailure(state: BatchState, failure: z.infer<typeof Failure>): BatchState {
  const failures = [...state.failures, failure].slice(0, LISTED_FAILURES);
  return { ...state, completed: state.completed + 1, failed: state.failed + 1, failures };
}
