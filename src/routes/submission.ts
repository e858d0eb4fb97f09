import { z } from "zod";
import { IdempotencyKey } from "../contract/submission.ts";

/** The headers of every route that submits work. */
export const SubmissionHeaders = z.object({ "idempotency-key": IdempotencyKey.optional() });
