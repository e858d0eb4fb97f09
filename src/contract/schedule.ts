import { z } from "zod";
import { Metadata, ResourceListRequest, Timestamp } from "./common.ts";
import { NamespaceId, ResourceName, ScheduleId, TaskId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";
import { RecurringTarget } from "./submission-target.ts";

/** What happens when the schedule fires while its last task is still running. */
export const Overlap = z.enum(["allow", "skip", "queue"]);

/** How many upcoming times are shown. */
export const SHOWN_TIMES = 5;

/** `POST /v1/schedules`. */
export const CreateScheduleRequest = z.strictObject({
  name: ResourceName,
  /** A cron expression of five fields: minute, hour, day of month, month, day of week. */
  cron: z.string().min(9).max(120),
  /** An IANA name, such as `Europe/Berlin`. */
  timezone: z.string().min(1).max(64).default("UTC"),
  /** What is submitted each time. */
  submission: RecurringTarget,
  overlap: Overlap.default("allow"),
  metadata: Metadata.optional(),
});

export type CreateScheduleRequest = z.infer<typeof CreateScheduleRequest>;

/** `PATCH /v1/schedules/{schedule_id}`: only the fields to change. */
export const UpdateScheduleRequest = z.strictObject({
  cron: CreateScheduleRequest.shape.cron.optional(),
  timezone: z.string().min(1).max(64).optional(),
  submission: RecurringTarget.optional(),
  overlap: Overlap.optional(),
  metadata: Metadata.optional(),
});

export type UpdateScheduleRequest = z.infer<typeof UpdateScheduleRequest>;

/** `POST /v1/schedules/list`. */
export const ScheduleListRequest = ResourceListRequest;

/** A recurring submission. */
export const Schedule = z.object({
  schedule_id: ScheduleId,
  namespace_id: NamespaceId,
  name: z.string(),
  /** ACTIVE, or SUSPENDED while paused. */
  status: TaskStatusEnum,
  cron: z.string(),
  timezone: z.string(),
  submission: RecurringTarget,
  overlap: Overlap,
  metadata: Metadata,
  /** The next five times; empty while it is paused. */
  next_times: z.array(Timestamp),
  last_fired_at: Timestamp.nullable(),
  last_task_id: TaskId.nullable(),
  /** Why the last firing created no task; null when it did. */
  last_error: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Schedule = z.infer<typeof Schedule>;
