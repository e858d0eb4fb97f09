import { BATCHES_INDEXES } from "../../src/content/batch/indexes.ts";
import { processBatch } from "../../src/content/batch/job/process-batch.ts";
import { BATCH_TARGET, BUCKET_TARGET } from "../../src/content/batch/targets.ts";
import { BUCKETS_INDEXES } from "../../src/content/buckets/indexes.ts";
import { CLUSTERS_INDEXES } from "../../src/content/cluster/indexes.ts";
import { buildCluster } from "../../src/content/cluster/job/build-cluster.ts";
import { CLUSTER_TARGET } from "../../src/content/cluster/target.ts";
import { SCHEMA_HANDLER } from "../../src/content/collections/grow-schemas.ts";
import { COLLECTIONS_INDEXES } from "../../src/content/collections/indexes.ts";
import { DOCUMENTS_INDEXES } from "../../src/content/documents/indexes.ts";
import { MIGRATIONS_INDEXES } from "../../src/content/migration/indexes.ts";
import { runMigration } from "../../src/content/migration/job/run-migration.ts";
import { removeUnverified } from "../../src/content/migration/remove-unverified.ts";
import { MIGRATION_TARGET } from "../../src/content/migration/target.ts";
import { OBJECTS_INDEXES } from "../../src/content/objects/indexes.ts";
import { TAXONOMIES_INDEXES } from "../../src/content/taxonomy/indexes.ts";
import { materializeTaxonomy } from "../../src/content/taxonomy/job/materialize-taxonomy.ts";
import { TAXONOMY_TARGET } from "../../src/content/taxonomy/target.ts";
import { combineApps } from "../../src/app.ts";
import type { Index } from "../../src/ports/database.ts";
import { register } from "../../src/registry.ts";
import { ENGINE_INDEXES } from "../../src/stores/mongo/indexes.ts";

// The content application without its routes, which take long to import.

const content = combineApps([
  {
    jobs: [processBatch, buildCluster, materializeTaxonomy, runMigration],
    targets: [BATCH_TARGET, BUCKET_TARGET, CLUSTER_TARGET, TAXONOMY_TARGET, MIGRATION_TARGET],
    handlers: [SCHEMA_HANDLER],
    contents: [
      {
        collections: ["buckets", "collections", "clusters", "taxonomies", "migrations"],
        removeUnverified,
      },
    ],
    indexes: [
      ...BATCHES_INDEXES,
      ...BUCKETS_INDEXES,
      ...CLUSTERS_INDEXES,
      ...COLLECTIONS_INDEXES,
      ...DOCUMENTS_INDEXES,
      ...MIGRATIONS_INDEXES,
      ...OBJECTS_INDEXES,
      ...TAXONOMIES_INDEXES,
    ],
  },
]);

/** What the services of a deployment with content find in their context. */
export const REGISTRY = register(content, []);

/** Every index of such a deployment. */
export const INDEXES: readonly Index[] = [...ENGINE_INDEXES, ...content.indexes];
