import { z } from "zod";
import { IdempotencyKey } from "../contract/submission.ts";
import { heldSlot } from "../engine/tasks/new-task.ts";

/** The headers of every route that submits work. */
export const SubmissionHeaders = z.object({ "idempotency-key": IdempotencyKey.optional() });

/** The slot of a request's idempotency key; null without one. */
export function idempotencySlotOf(headers: z.infer<typeof SubmissionHeaders>): string | null {
  const key = headers["idempotency-key"];
  return key === undefined ? null : heldSlot(key);
}
