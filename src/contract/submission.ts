import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { TaskId } from "./ids.ts";

/** The longest wait that a submission may ask for: 90 days, which is also the queue's own limit. */
export const MAX_DELAY_SECONDS = 7_776_000;

/** The maximum number of attempts at a task. */
export const MAX_ATTEMPTS = 20;

/** Which of a namespace's waiting tasks go first; each priority has its own lane. */
export const Priority = z.enum(["low", "normal", "high"]);

export type Priority = z.infer<typeof Priority>;

/** A task's labels: at most 20. */
export const Tags = z.array(z.string().min(1).max(64)).max(20);

/** What happens to a task that waited too long in the queue. */
export const OnExpire = z.enum(["fail", "skip"]);

/**
 * At most one task per key runs in a namespace. `return` returns the existing task, `skip` creates
 * a task that ends SKIPPED at once, and `queue` waits until the other has ended; waiting tasks
 * start in the order of submission.
 */
export const Singleton = z.strictObject({
  key: z.string().min(1).max(200),
  when_busy: z.enum(["return", "skip", "queue"]).default("return"),
});

/** Options that every submission takes. */
export const SubmissionFields = {
  /** How long the task waits before it may start, in seconds. */
  delay: z.int().min(0).max(MAX_DELAY_SECONDS).optional(),
  /** The same, as a time. */
  not_before: Timestamp.optional(),
  /** How long the task may wait for its first attempt, in seconds from now. */
  queue_ttl: z.int().min(1).max(MAX_DELAY_SECONDS).optional(),
  /** The same, as a time. */
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

/** Two ways to say the same thing: a caller may give one, not both. */
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

/** Only the options of a submission: the body of every route that just starts something. */
export const SubmissionOptions = z.strictObject(SubmissionFields).check(checkTimes);

export type SubmissionOptions = z.infer<typeof SubmissionOptions>;

const { singleton: _, ...FieldsWithoutSingleton } = SubmissionFields;

/** The same for a resource that is its own singleton: one task runs for it at a time. */
export const ResourceSubmissionFields = FieldsWithoutSingleton;

/**
 * `Idempotency-Key` (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/):
 * visible ASCII. The draft's surrounding quotes are notation, not part of the key.
 */
export const IdempotencyKey = z
  .string()
  .transform((value) => /^"(.*)"$/.exec(value)?.[1] ?? value)
  .pipe(
    z.string().regex(/^[\x21-\x7e]{1,255}$/, {
      error: "expected 1 to 255 visible ASCII characters",
    }),
  );
