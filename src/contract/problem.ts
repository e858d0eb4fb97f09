import { z } from "zod";

/** The closed list of error codes; `docs/errors.md` says what each means and what to do. */
export const ErrorCode = z.enum([
  "invalid_request",
  "malformed_json",
  "unsupported_media_type",
  "payload_too_large",
  "unauthenticated",
  "forbidden",
  "namespace_required",
  "not_found",
  "method_not_allowed",
  "name_taken",
  "not_empty",
  "resource_in_use",
  "not_a_draft",
  "task_already_terminal",
  "task_not_killable",
  "task_not_retryable",
  "parent_canceled",
  "report_superseded",
  "webhook_not_active",
  "webhook_has_no_url",
  "delivery_not_resendable",
  "delivery_not_skippable",
  "idempotency_key_reused",
  "invalid_cursor",
  "store_unavailable",
  "internal_error",
]);

export type ErrorCode = z.infer<typeof ErrorCode>;

/** One fault in a request: where it is (`objects.3.content.text`) and what was expected. */
export const InvalidField = z.object({ path: z.string(), message: z.string() });

export type InvalidField = z.infer<typeof InvalidField>;

/** An error on the wire: `application/problem+json` (RFC 9457) with Waybill's code and request id. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: ErrorCode,
  request_id: z.string(),
  errors: z.array(InvalidField).optional(),
});

export type Problem = z.infer<typeof Problem>;
