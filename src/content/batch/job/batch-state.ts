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

/** How many metadata fields a batch tells of; of more it only says that there are. */
export const LISTED_FIELDS = 100;

const WrittenField = z.object({
  name: z.string(),
  types: z.array(z.enum(["string", "number", "boolean"])),
});

/**
 * What a batch remembers between two steps: some 3 KiB at most and up to 25 KiB of names of metadata
 * fields, whatever it works on. What has a default is absent in checkpoints of earlier versions.
 */
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
  /** How long the collection says that its vectors are, and how long those written are; null before. */
  declared_dimensions: z.int().nullable().default(null),
  dimensions: z.int().nullable().default(null),
  /** The metadata fields of the objects that documents were written of. */
  fields: z.array(WrittenField).max(LISTED_FIELDS).default([]),
  more_fields: z.boolean().default(false),
});

export type BatchState = z.infer<typeof BatchState>;

/** The state before the first step. */
export function initialState(
  embedder: string,
  position: Position,
  total: number,
  declaredDimensions: number | null,
): BatchState {
  return {
    embedder,
    position,
    partial: null,
    completed: 0,
    total,
    documents: 0,
    failed: 0,
    failures: [],
    declared_dimensions: declaredDimensions,
    dimensions: null,
    fields: [],
    more_fields: false,
  };
}

/** The state after an object that can't be used. */
export function withFailure(state: BatchState, failure: z.infer<typeof Failure>): BatchState {
  const failures = [...state.failures, failure].slice(0, LISTED_FAILURES);
  return { ...state, completed: state.completed + 1, failed: state.failed + 1, failures };
}
