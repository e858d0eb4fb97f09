import type { App } from "../../app.ts";
import { Collection, CreateCollectionRequest } from "../../contract/collection.ts";
import { SCHEMA_HANDLER } from "./grow-schemas.ts";
import { COLLECTIONS_INDEXES } from "./indexes.ts";
import { collections } from "./routes-collections.ts";

/** Collections: places for documents. */
export const COLLECTIONS: App = {
  routes: [collections],
  handlers: [SCHEMA_HANDLER],
  indexes: COLLECTIONS_INDEXES,
  contents: [{ collections: ["collections"] }],
  tags: [["Collections", "Places for documents."]],
  components: {
    CreateCollectionRequest: [
      CreateCollectionRequest,
      "A new collection; its embedder is fixed for its life.",
    ],
    Collection: [Collection, "A place for the documents that batches write."],
  },
};
