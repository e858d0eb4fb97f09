import { z } from "zod";
import { checkStorable, storableObject } from "./storable.ts";
import { checkTimes, SubmissionFields } from "./submission.ts";
import { Progress, Task, TaskValues } from "./task.ts";

/** The maximum size of a report, and of `additional_data` after it, as JSON text. */
export const MAX_REPORT_CHARACTERS = 262_144;

/** The maximum size of an input, as JSON text: the same as of a body. */
const MAX_INPUT_CHARACTERS = 1_048_576;

/** `POST /v1/tasks`: a task of a registered type, with the options of every submission. */
export const CreateTaskRequest = z
  .strictObject({
    task_type: z.string().min(1).max(100),
    /** The executor's input; must satisfy the type's `input_schema`. */
    input: storableObject(MAX_INPUT_CHARACTERS),
    ...SubmissionFields,
  })
  .check(checkTimes);

export type CreateTaskRequest = z.infer<typeof CreateTaskRequest>;

/**
 * `PATCH /v1/tasks/{task_id}`: an executor's report on its task. An empty report is a heartbeat.
 * The response is the task; a `cancel` in it asks the executor to stop and report CANCELED.
 */
export const TaskReport = z
  .strictObject({
    status: z.enum(["IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED", "SKIPPED"]).optional(),
    progress: z
      .strictObject({
        completed: z.int().min(0),
        total: z.int().min(0).nullable().default(null),
        unit: z.string().max(50).default("steps"),
        message: z.string().max(500).nullable().default(null),
      })
      .optional(),
    outputs: TaskValues.max(1000).check(checkStorable).optional(),
    /** Why it FAILED; another attempt follows unless `retryable` is false. */
    error: z
      .strictObject({
        code: z.string().min(1).max(100),
        message: z.string().min(1).max(2000),
        retryable: z.boolean().default(true),
        details: storableObject(MAX_REPORT_CHARACTERS).nullable().default(null),
      })
      .optional(),
    /** Why it was SKIPPED or CANCELED. */
    reason: z.string().max(500).optional(),
    /** Merged into what the task has; the executor's own `job_id` goes here. */
    additional_data: storableObject(MAX_REPORT_CHARACTERS).optional(),
  })
  .refine((report) => (report.status === "FAILED") === (report.error !== undefined), {
    path: ["error"],
    error: "expected exactly when status is FAILED",
  })
  .refine((report) => JSON.stringify(report).length <= MAX_REPORT_CHARACTERS, {
    error: "expected at most 256 KiB; put large results elsewhere and report where",
  });

export type TaskReport = z.infer<typeof TaskReport>;

/**
 * The body that is posted to an executor, signed as Standard Webhooks specifies; `webhook-id` names
 * the task and the attempt.
 */
export const ExecutorJob = z.object({
  type: z.literal("task.execute"),
  timestamp: z.string(),
  data: z.object({
    task: Task,
    input: z.record(z.string(), z.unknown()),
    attempt: z.int(),
    /** Where to report, and the token that is valid only for this attempt's reports. */
    report_url: z.string(),
    token: z.string(),
    /** The longest time between two reports, in seconds. */
    heartbeat_timeout: z.int(),
    /** The last state that the previous attempt reported. */
    progress: Progress.nullable(),
  }),
});

export type ExecutorJob = z.infer<typeof ExecutorJob>;
