import type { Database } from "../../ports/database.ts";
import { createWorkStore } from "../../database/work-store.ts";
import type { MigrationRecord, MigrationStore } from "./migration-store.ts";

/** The migrations, which show the status of their newest tasks. */
export function createMigrationStore(database: Database): MigrationStore {
  return createWorkStore<MigrationRecord>(database, "migrations");
}
