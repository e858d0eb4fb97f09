import { MigrationTarget } from "../../contract/submission-target.ts";
import { defineTarget } from "../../engine/submissions/define-target.ts";
import { startMigration } from "./start-migration.ts";

/** The start of a migration of the namespace. */
export const MIGRATION_TARGET = defineTarget({
  kind: "migration",
  schema: MigrationTarget,
  onceOnly:
    "a migration is done once and can't recur: start it with POST /v1/namespaces/{namespace_id}/migrations/{migration_id}/start, or with POST /v1/submissions",
  submit: ({ ctx, target, keyed }) => {
    const { kind: _, migration_id: migration, ...options } = target;
    return startMigration({ ctx, input: { migration, options, keyed } });
  },
});
