import { combineApps } from "../app.ts";
import { BATCH } from "./batch/app.ts";
import { BUCKETS } from "./buckets/app.ts";
import { CLUSTER } from "./cluster/app.ts";
import { COLLECTIONS } from "./collections/app.ts";
import { DOCUMENTS } from "./documents/app.ts";
import { MIGRATION } from "./migration/app.ts";
import { OBJECTS } from "./objects/app.ts";
import { TAXONOMY } from "./taxonomy/app.ts";

export { createCollectionStore } from "./collections/create-collection-store.ts";
export { createDocumentStore } from "./documents/create-document-store.ts";
export { createObjectStore } from "./objects/create-object-store.ts";

/** The content application: objects, their documents, and what is made of these. One part a room. */
export const content = combineApps([
  BUCKETS,
  OBJECTS,
  BATCH,
  COLLECTIONS,
  DOCUMENTS,
  CLUSTER,
  TAXONOMY,
  MIGRATION,
]);
