import type { TaskTypeInfo } from "../services/context.ts";
import { processBatch } from "./batch/process-batch.ts";
import { buildCluster } from "./cluster/build-cluster.ts";
import { materializeTaxonomy } from "./taxonomy/materialize-taxonomy.ts";
import { runMigration } from "./migration/run-migration.ts";
import { type Job, toJob } from "./job.ts";

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
