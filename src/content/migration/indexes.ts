import { ofResource, plain } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";
import { COPIED_KINDS } from "./copied-kinds.ts";

/** The indexes of migrations. */
export const MIGRATIONS_INDEXES: readonly Index[] = [
  ...ofResource("migrations"),
  // A migration reads all of a namespace in order of id.
  ...COPIED_KINDS.map(({ name }) => plain(name, { namespace_id: 1, _id: 1 })),
];
