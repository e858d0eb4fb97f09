import type { Database } from "../../ports/database.ts";
import { createWorkStore } from "../../database/work-store.ts";
import type { TaxonomyRecord, TaxonomyStore } from "./taxonomy-store.ts";

/** The taxonomies, which show the status of their newest tasks. */
export function createTaxonomyStore(database: Database): TaxonomyStore {
  return createWorkStore<TaxonomyRecord>(database, "taxonomies");
}
