import { z } from "zod";
import { BatchOptions } from "./batch.ts";
import { ExecuteClusterRequest } from "./cluster.ts";
import { Metadata } from "./common.ts";
import { CreateTaskRequest } from "./external-task.ts";
import { IdOrName } from "./ids.ts";
import { StartMigrationRequest } from "./migration.ts";
import { checkTimes, SubmissionFields } from "./submission.ts";
import { Task } from "./task.ts";
import { InvalidField } from "./problem.ts";
import { MaterializeRequest } from "./taxonomy.ts";

/** How many submissions one call takes. */
export const MAX_SUBMISSIONS = 100;

/** A task of a registered type. */
export const TaskTarget = z
  .strictObject({ kind: z.literal("task"), ...CreateTaskRequest.shape })
  .check(checkTimes);

/** An existing batch. */
export const BatchTarget = z
  .strictObject({
    kind: z.literal("batch"),
    bucket_id: IdOrName,
    batch_id: IdOrName,
    ...SubmissionFields,
  })
  .check(checkTimes);

/** A new batch of all objects in a bucket when its job starts. */
export const BucketTarget = z
  .strictObject({
    kind: z.literal("bucket"),
    bucket_id: IdOrName,
    collection_id: IdOrName,
    batch_options: BatchOptions.optional(),
    batch_metadata: Metadata.optional(),
    ...SubmissionFields,
  })
  .check(checkTimes);

/** A run of a cluster; a cluster is its own singleton. */
export const ClusterTarget = z
  .strictObject({
    kind: z.literal("cluster"),
    cluster_id: IdOrName,
    ...ExecuteClusterRequest.shape,
  })
  .check(checkTimes);

/** A taxonomy applied to a collection; a taxonomy is its own singleton, whatever the collection. */
export const TaxonomyTarget = z
  .strictObject({
    kind: z.literal("taxonomy"),
    taxonomy_id: IdOrName,
    ...MaterializeRequest.shape,
  })
  .check(checkTimes);

/** The start of a migration of this namespace. */
export const MigrationTarget = z
  .strictObject({
    kind: z.literal("migration"),
    migration_id: IdOrName,
    ...StartMigrationRequest.shape,
  })
  .check(checkTimes);

const RECURRING = [TaskTarget, BatchTarget, BucketTarget, ClusterTarget, TaxonomyTarget] as const;

/**
 * What a schedule may submit: everything but a migration, which runs once. A deployment's apps may
 * add kinds.
 */
export const RecurringTarget = z.discriminatedUnion("kind", RECURRING);

export type RecurringTarget = z.infer<typeof RecurringTarget>;

/** What can be submitted, by `kind`, each with the options of its own route. A deployment's apps may add kinds. */
export const SubmissionTarget = z.discriminatedUnion("kind", [...RECURRING, MigrationTarget]);

export type SubmissionTarget = z.infer<typeof SubmissionTarget>;

/** `POST /v1/submissions`: up to 100 submissions, each with its own outcome. */
export const SubmissionsRequest = z.strictObject({
  submissions: z
    .array(
      z.strictObject({
        submission: SubmissionTarget,
        /** The same as the header of a single submission. */
        idempotency_key: z
          .string()
          .regex(/^[\x21-\x7e]{1,255}$/, { error: "expected 1 to 255 visible ASCII characters" })
          .optional(),
      }),
    )
    .min(1)
    .max(MAX_SUBMISSIONS),
});

export type SubmissionsRequest = z.infer<typeof SubmissionsRequest>;

/** One row per submission, in order: the task, or the error. */
export const SubmissionsAnswer = z.object({
  results: z.array(
    z.object({
      index: z.int(),
      task: Task.nullable(),
      error: z
        .object({ code: z.string(), detail: z.string(), errors: z.array(InvalidField) })
        .nullable(),
    }),
  ),
});

export type SubmissionsAnswer = z.infer<typeof SubmissionsAnswer>;
