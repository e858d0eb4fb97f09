import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { TaskId } from "./ids.ts";

/** The longest wait that a submission may ask for: 90 days, which is also the queue's own limit. */
export const MAX_DELAY_SECONDS = 7_776_000;

/** How often a task may be tried at the most. */
export const MAX_ATTEMPTS = 20;

/** Which of a namespace's waiting tasks go first: each priority has a lane of its own. */
export const Priority = z.enum(["low", "normal", "high"]);

export type Priority = z.infer<typeof Priority>;

/** A task's labels: at most 20. */
export const Tags = z.array(z.string().min(1).max(64)).max(20);

/** What becomes of a task whose time in the queue ran out. */
export const OnExpire = z.enum(["fail", "skip"]);

/**
 * At most one task of a key is at work in a namespace. `return` answers the one that is there,
 * `skip` makes a task that ends SKIPPED at once, `queue` waits until the other has ended;
 * those that wait begin in the order of submission.
 */
export const Singleton = z.strictObject({
  key: z.string().min(1).max(200),
  when_busy: z.enum(["return", "skip", "queue"]).default("return"),
});

/** What a caller may say at every submission of work; all of it optional. */
export const SubmissionFields = {
  /** Seconds until the task may start. */
  delay: z.int().min(0).max(MAX_DELAY_SECONDS).optional(),
  /** The same as a time. */
  not_before: Timestamp.optional(),
  /** Seconds that the task may wait for its first attempt, from now. */
  queue_ttl: z.int().min(1).max(MAX_DELAY_SECONDS).optional(),
  /** The same as a time. */
  expires_at: Timestamp.optional(),
  on_expire: OnExpire.optional(),
  priority: Priority.optional(),
  tags: Tags.optional(),
  metadata: Metadata.optional(),
  parent_task_id: TaskId.optional(),
  singleton: Singleton.optional(),
  max_attempts: z.int().min(1).max(MAX_ATTEMPTS).optional(),
} as const;

type Times = {
  readonly delay?: number | undefined;
  readonly not_before?: string | undefined;
  readonly queue_ttl?: number | undefined;
  readonly expires_at?: string | undefined;
};

/** Two ways to say one thing: either may be given, not both. */
export function checkTimes(context: z.core.ParsePayload<Times>): void {
  const { delay, not_before, queue_ttl, expires_at } = context.value;
  for (const [field, given, other] of [
    ["not_before", not_before, delay],
    ["expires_at", expires_at, queue_ttl],
  ] as const) {
    if (given === undefined || other === undefined) continue;
    const rival = field === "not_before" ? "delay" : "queue_ttl";
    context.issues.push({
      code: "custom",
      path: [field],
      message: `expected only one of "${rival}" and "${field}"`,
      input: context.value,
    });
  }
}

/** The options of a submission, alone: the body of every route that only starts something. */
export const SubmissionOptions = z.strictObject(SubmissionFields).check(checkTimes);

export type SubmissionOptions = z.infer<typeof SubmissionOptions>;

const { singleton: _, ...FieldsWithoutSingleton } = SubmissionFields;

/** The same where the resource itself is the singleton: one task works for it at a time. */
export const ResourceSubmissionFields = FieldsWithoutSingleton;

/**
 * `Idempotency-Key` (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/):
 * visible ASCII; quotes around it, which the draft has, belong to the notation and not to the key.
 */
export const IdempotencyKey = z
  .string()
  .transform((value) => /^"(.*)"$/.exec(value)?.[1] ?? value)
  .pipe(
    z.string().regex(/^[\x21-\x7e]{1,255}$/, {
      error: "expected 1 to 255 visible ASCII characters",
    }),
  );
