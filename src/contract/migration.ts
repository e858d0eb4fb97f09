import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { MigrationId, NamespaceId, ResourceName } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";
import { checkTimes, ResourceSubmissionFields } from "./submission.ts";

/** `POST /v1/namespaces/{namespace_id}/migrations`. */
export const CreateMigrationRequest = z.strictObject({
  /** The name of the namespace to create. */
  target_name: ResourceName,
  metadata: Metadata.optional(),
});

export type CreateMigrationRequest = z.infer<typeof CreateMigrationRequest>;

/** `POST …/migrations/{migration_id}/start`; the body may be absent. */
export const StartMigrationRequest = z.strictObject(ResourceSubmissionFields).check(checkTimes);

export type StartMigrationRequest = z.infer<typeof StartMigrationRequest>;

/** A copy of a namespace into a new one. */
export const Migration = z.object({
  migration_id: MigrationId,
  /** The source. */
  namespace_id: NamespaceId,
  target_name: z.string(),
  /** The target's id, set once copying has begun; the target is not in service before COMPLETED. */
  target_namespace_id: NamespaceId,
  /** The verified number of rows of each kind in the target; null before verification. */
  copied: z.record(z.string(), z.int()).nullable(),
  metadata: Metadata,
  /** DRAFT until it is started, then its newest task's status. */
  status: TaskStatusEnum,
  task_id: z.string().nullable(),
  error_message: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Migration = z.infer<typeof Migration>;
