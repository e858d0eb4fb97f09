import { BATCHES_INDEXES } from "./content/batch/indexes.ts";
import { BUCKETS_INDEXES } from "./content/buckets/indexes.ts";
import { CLUSTERS_INDEXES } from "./content/cluster/indexes.ts";
import { COLLECTIONS_INDEXES } from "./content/collections/indexes.ts";
import { DOCUMENTS_INDEXES } from "./content/documents/indexes.ts";
import { MIGRATIONS_INDEXES } from "./content/migration/indexes.ts";
import { OBJECTS_INDEXES } from "./content/objects/indexes.ts";
import { TAXONOMIES_INDEXES } from "./content/taxonomy/indexes.ts";
import type { Index } from "./ports/database.ts";
import { processBatch } from "./content/batch/job/process-batch.ts";
import { buildCluster } from "./content/cluster/job/build-cluster.ts";
import { materializeTaxonomy } from "./content/taxonomy/job/materialize-taxonomy.ts";
import { runMigration } from "./content/migration/job/run-migration.ts";
import { removeUnverified } from "./content/migration/remove-unverified.ts";
import type { NamespaceContents } from "./engine/context.ts";
import { registerJobs, resourcesOf } from "./engine/jobs/registry.ts";

/** Every job of this deployment. */
export const JOBS = registerJobs([processBatch, buildCluster, materializeTaxonomy, runMigration]);

/** Every kind of resource that they work for. */
export const RESOURCES = resourcesOf(JOBS);

/** What is in the way of a namespace's deletion. */
export const CONTENTS: readonly NamespaceContents[] = [
  {
    collections: ["buckets", "collections", "clusters", "taxonomies", "migrations"],
    removeUnverified,
  },
];

/** The indexes of what the apps store. */
export const APP_INDEXES: readonly Index[] = [
  ...BATCHES_INDEXES,
  ...BUCKETS_INDEXES,
  ...CLUSTERS_INDEXES,
  ...COLLECTIONS_INDEXES,
  ...DOCUMENTS_INDEXES,
  ...MIGRATIONS_INDEXES,
  ...OBJECTS_INDEXES,
  ...TAXONOMIES_INDEXES,
];
