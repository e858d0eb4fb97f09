import type { App } from "../../app.ts";
import { CollectionDocument, DocumentListRequest } from "../../contract/document.ts";
import { DOCUMENTS_INDEXES } from "./indexes.ts";
import { documents } from "./routes-documents.ts";

/** Documents: chunks of text with their vectors. */
export const DOCUMENTS: App = {
  routes: [documents],
  indexes: DOCUMENTS_INDEXES,
  tags: [["Documents", "Chunks of text with their vectors, written by batches."]],
  components: {
    DocumentListRequest: [DocumentListRequest, "Filters of a list of documents."],
    Document: [
      CollectionDocument,
      "One chunk of an object's text, with its vector when asked for.",
    ],
  },
};
