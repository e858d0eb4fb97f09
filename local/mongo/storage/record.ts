/** One stored document: decoded for matching, and its bytes for answering. Neither is ever mutated. */
import type { Doc } from "../values/types.ts";

export type StoredRecord = {
  /** Grows with each insertion: the natural order, and what tells equal index entries apart. */
  readonly sequence: number;
  doc: Doc;
  raw: Uint8Array;
};
