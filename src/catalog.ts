import type { TaskTypeInfo } from "./engine/context.ts";
import { processBatch } from "./content/batch/job/process-batch.ts";
import { buildCluster } from "./content/cluster/job/build-cluster.ts";
import { materializeTaxonomy } from "./content/taxonomy/job/materialize-taxonomy.ts";
import { runMigration } from "./content/migration/job/run-migration.ts";
import { type Job, toJob } from "./engine/runner/job.ts";

const JOBS: readonly Job[] = [
  toJob(processBatch),
  toJob(buildCluster),
  toJob(materializeTaxonomy),
  toJob(runMigration),
];

const BY_TYPE: ReadonlyMap<string, Job> = new Map(JOBS.map((job) => [job.type, job]));

/** The job of a type; null for a type that this deployment doesn't have. */
export function findJob(type: string): Job | null {
  return BY_TYPE.get(type) ?? null;
}

/** What the services must know of each type. */
export const TASK_TYPES: ReadonlyMap<string, TaskTypeInfo> = BY_TYPE;
