import { ID_PREFIXES } from "../../contract/ids.ts";
import type { ResourceKind } from "../../engine/jobs/resource-kind.ts";
import { createTaxonomyStore } from "./create-taxonomy-store.ts";
import type { TaxonomyRecord } from "./taxonomy-store.ts";

/** Taxonomies, which show the status of their newest tasks. */
export const TAXONOMIES: ResourceKind<TaxonomyRecord> = {
  prefix: ID_PREFIXES.taxonomy,
  store: createTaxonomyStore,
};
