import { ID_PREFIXES } from "../../contract/ids.ts";
import type { ResourceKind } from "../../engine/jobs/resource-kind.ts";
import { createMigrationStore } from "./create-migration-store.ts";
import type { MigrationRecord } from "./migration-store.ts";

/** Migrations, which show the status of their newest tasks. */
export const MIGRATIONS: ResourceKind<MigrationRecord> = {
  prefix: ID_PREFIXES.migration,
  store: createMigrationStore,
};
