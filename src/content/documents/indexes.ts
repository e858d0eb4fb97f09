import { BY_TIME, plain } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of documents. */
export const DOCUMENTS_INDEXES: readonly Index[] = [
  plain("documents", { collection_id: 1, ...BY_TIME }),
  plain("documents", { collection_id: 1, object_id: 1 }),
  plain("documents", { collection_id: 1, _id: 1 }),
];
