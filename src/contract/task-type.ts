import { z } from "zod";
import { oneOrMany, PageRequest, TargetUrl, Timestamp, TimeRange } from "./common.ts";
import { NamespaceId } from "./ids.ts";
import { storableText } from "./storable.ts";
import { MAX_ATTEMPTS, MAX_DELAY_SECONDS } from "./submission.ts";

/** The maximum size of an input schema, as JSON text. */
const MAX_SCHEMA_CHARACTERS = 65_536;

/** A template's reference to a field of the input: `{input.customer.id}`. */
const TEMPLATE_FIELD = /\{input(?:\.[A-Za-z0-9_-]+)+\}/g;

/**
 * A type's name, as its tasks show it. Names of Waybill's own types start with `api_` or `engine_`.
 */
export const TaskTypeName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{2,99}$/, {
    error: "expected 3 to 100 of a-z, 0-9, '_', '.', '-', starting with a letter",
  })
  .refine((name) => !/^(api|engine)_/.test(name) && name !== "list", {
    error: "names that start with api_ or engine_ are Waybill's own, and list is a route",
  });

/**
 * The delay between a failed attempt and the next, in seconds: full jitter under `base`, doubled
 * each time, up to `cap`.
 */
export const Backoff = z
  .strictObject({ base: z.int().min(1).max(3600), cap: z.int().min(1).max(86_400) })
  .refine((backoff) => backoff.base <= backoff.cap, {
    path: ["cap"],
    error: "expected at least base",
  });

/** At most `limit` tasks with the same key run at once. */
export const Concurrency = z.strictObject({
  /** Text that may include fields of the input: `customer-{input.customer_id}`. */
  key: z
    .string()
    .min(1)
    .max(200)
    .refine((key) => !/[{}]/.test(key.replaceAll(TEMPLATE_FIELD, "")), {
      error: "expected text with fields such as {input.customer_id}",
    }),
  limit: z.int().min(1).max(20),
});

/** `PUT /v1/task-types/{type}`: creates or replaces a type whose work is done elsewhere. */
export const PutTaskTypeRequest = z.strictObject({
  /** Where the signed job is posted. */
  executor_url: TargetUrl,
  description: z.string().max(500).optional(),
  /**
   * JSON Schema (2020-12) that every task's `input` must satisfy; any input is valid when absent.
   */
  input_schema: storableText(MAX_SCHEMA_CHARACTERS).optional(),
  /** How long an executor may be silent before its task is UNKNOWN, in seconds. */
  heartbeat_timeout: z.int().min(5).max(86_400).default(60),
  max_attempts: z.int().min(1).max(MAX_ATTEMPTS).default(3),
  backoff: Backoff.default({ base: 2, cap: 300 }),
  /** How long a task may wait for its first attempt by default, in seconds. */
  queue_ttl: z.int().min(1).max(MAX_DELAY_SECONDS).nullable().default(null),
  concurrency: Concurrency.nullable().default(null),
  killable: z.boolean().default(true),
});

export type PutTaskTypeRequest = z.infer<typeof PutTaskTypeRequest>;

/** `POST /v1/task-types/list`. */
export const TaskTypeListRequest = z.strictObject({
  type: oneOrMany(z.string()).optional(),
  created_at: TimeRange.optional(),
  ...PageRequest,
});

export type TaskTypeListRequest = z.infer<typeof TaskTypeListRequest>;

/** A type of task that the deployer's own executor works on. */
export const TaskType = z.object({
  type: z.string(),
  namespace_id: NamespaceId,
  executor_url: z.string(),
  description: z.string().nullable(),
  input_schema: z.record(z.string(), z.unknown()).nullable(),
  heartbeat_timeout: z.int(),
  max_attempts: z.int(),
  backoff: z.object({ base: z.int(), cap: z.int() }),
  queue_ttl: z.int().nullable(),
  concurrency: z.object({ key: z.string(), limit: z.int() }).nullable(),
  killable: z.boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type TaskType = z.infer<typeof TaskType>;

/** The response to a type's creation: the only one that shows the secret that signs its jobs. */
export const CreatedTaskType = TaskType.extend({ secret: z.string() });
