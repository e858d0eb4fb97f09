import type { App } from "../../app.ts";
import { MIGRATIONS_INDEXES } from "./indexes.ts";
import { runMigration } from "./job/run-migration.ts";
import { removeUnverified } from "./remove-unverified.ts";
import { migrations } from "./routes-migrations.ts";
import { MIGRATION_TARGET } from "./target.ts";

/** Migrations: copies of whole namespaces. */
export const MIGRATION: App = {
  jobs: [runMigration],
  targets: [MIGRATION_TARGET],
  routesOutside: [migrations],
  indexes: MIGRATIONS_INDEXES,
  contents: [{ collections: ["migrations"], removeUnverified }],
  tags: [["Migrations", "Copies of whole namespaces into new ones."]],
};
