import { ofResource } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of collections. */
export const COLLECTIONS_INDEXES: readonly Index[] = ofResource("collections");
