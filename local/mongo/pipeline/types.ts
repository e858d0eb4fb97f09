/** What every stage is given and gives. Documents are shared with the store: none is ever mutated. */
import type { Doc } from "../values/types.ts";

export type PipelineEnvironment = {
  /** The documents of another collection of the same database, which need not exist. */
  readonly find: (collection: string, filter: Doc) => readonly Doc[];
};

export type StageRun = (docs: readonly Doc[], environment: PipelineEnvironment) => readonly Doc[];
