import { BY_TIME, plain, unique } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of objects. */
export const OBJECTS_INDEXES: readonly Index[] = [
  unique("objects", { bucket_id: 1, key: 1 }),
  plain("objects", { bucket_id: 1, ...BY_TIME }),
  plain("objects", { bucket_id: 1, _id: 1 }),
];
