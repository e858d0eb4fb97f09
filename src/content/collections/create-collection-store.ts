import type { Database } from "../../ports/database.ts";
import type { ResourceStore } from "../../ports/resource-store.ts";
import { createResourceStore } from "../../database/resource-store.ts";
import type { CollectionRecord } from "./collection-store.ts";

/** The collections. Names are unique by the index `{ namespace_id, name }`. */
export function createCollectionStore(database: Database): ResourceStore<CollectionRecord> {
  return createResourceStore<CollectionRecord>(database, "collections");
}
