import { ofResource } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of taxonomies. */
export const TAXONOMIES_INDEXES: readonly Index[] = ofResource("taxonomies");
