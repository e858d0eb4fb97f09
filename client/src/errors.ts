import type { ErrorCode, InvalidField, Problem, Task } from "./contract.ts";

/** What a {@link WaybillError} is made from. */
export type ErrorDetails = {
  /** The service's code, or the client's own when there was no answer. */
  readonly code: WaybillErrorCode;
  readonly status?: number | null;
  readonly requestId?: string | null;
  readonly fields?: readonly InvalidField[];
  readonly retryAfter?: number | null;
  readonly cause?: unknown;
};

/** Codes of errors that no answer of the service stands behind. */
export type ClientErrorCode =
  | "network_error"
  | "timeout"
  | "unexpected_answer"
  | "deadline_passed"
  | "invalid_webhook";

/** A code of the service (an older client may meet newer ones) or of the client. */
export type WaybillErrorCode = ErrorCode | ClientErrorCode | (string & {});

/** Every error that the client makes, but for a signal's own reason and a `TypeError` for misuse. */
export class WaybillError extends Error {
  override readonly name: string = "WaybillError";
  /** Which error this is; never changes its meaning. */
  readonly code: WaybillErrorCode;
  /** The answer's HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** The answer's `X-Request-Id`, for the service's operators; null when there was none. */
  readonly requestId: string | null;
  /** What is wrong with the request, field by field; empty when the service named none. */
  readonly fields: readonly InvalidField[];
  /** Milliseconds after which the service asked to be tried again; null when it didn't say. */
  readonly retryAfter: number | null;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.fields = details.fields ?? [];
    this.retryAfter = details.retryAfter ?? null;
  }
}

/** The request is not valid: 400, 405, 413, 415, 422. `fields` says where. */
export class InvalidRequestError extends WaybillError {
  override readonly name = "InvalidRequestError";
}

/** The key is missing, unknown, expired or revoked: 401. */
export class UnauthenticatedError extends WaybillError {
  override readonly name = "UnauthenticatedError";
}

/** The key may not do this: 403. */
export class ForbiddenError extends WaybillError {
  override readonly name = "ForbiddenError";
}

/** There is no such thing, or none that the key may see: 404. */
export class NotFoundError extends WaybillError {
  override readonly name = "NotFoundError";
}

/** The request is fine, but not as things are: 409, and an idempotency key that stands for another request. */
export class ConflictError extends WaybillError {
  override readonly name = "ConflictError";
}

/** Too many requests: 429. `retryAfter` says when to try again. */
export class RateLimitedError extends WaybillError {
  override readonly name = "RateLimitedError";
}

/** The service, or one that it needs, is not available: 502, 503, 504. What was asked may have been done. */
export class UnavailableError extends WaybillError {
  override readonly name = "UnavailableError";
}

/** The service failed: 500 and the other 5xx. Report it with its `requestId`. */
export class ServerError extends WaybillError {
  override readonly name = "ServerError";
}

/** No answer arrived, or not all of it: no connection, or a lost one. `cause` is the platform's error. */
export class NetworkError extends WaybillError {
  override readonly name = "NetworkError";
}

/** A try took longer than `timeout`. */
export class TimeoutError extends WaybillError {
  override readonly name = "TimeoutError";
}

/** What answered is not Waybill, or something stands between: a redirect, a page instead of JSON. */
export class UnexpectedAnswerError extends WaybillError {
  override readonly name = "UnexpectedAnswerError";
}

/** What `waitForTask` saw last: a task, or the resource that it works for. */
export type Waited = Pick<Task, "status" | "error_message">;

/** The task ended FAILED; the message is its `error_message`, the code its `last_error`'s. */
export class TaskFailedError<Seen extends Waited = Waited> extends WaybillError {
  override readonly name = "TaskFailedError";
  /** The task, or the resource that was followed in its place. */
  readonly task: Seen;

  constructor(task: Seen, code: string) {
    super(task.error_message ?? "The task failed.", { code });
    this.task = task;
  }
}

/** The deadline of `waitForTask` passed and the task hadn't ended; it runs on. */
export class DeadlineError extends WaybillError {
  override readonly name = "DeadlineError";
  /** As it was last seen; null when it never was. */
  readonly task: Waited | null;

  constructor(task: Waited | null, cause?: unknown) {
    super(`The task had not ended in time: it was ${task?.status ?? "never seen"}.`, {
      code: "deadline_passed",
      cause,
    });
    this.task = task;
  }
}

/** Why a webhook is not to be trusted. */
export type WebhookRefusal =
  /** One of the three headers is missing, or is not in its form: a stranger, or a proxy that drops headers. */
  | "bad_header"
  /** Older than the tolerance, or ahead of this clock: sent again by somebody, or a clock is wrong. */
  | "bad_time"
  /** No signature fits: another secret, or a body that is not byte for byte as it arrived. */
  | "bad_signature"
  /** Signed rightly, but no event. */
  | "no_event";

/** A webhook that is not to be trusted; `reason` says why. Answer 400. */
export class WebhookVerificationError extends WaybillError {
  override readonly name = "WebhookVerificationError";
  readonly reason: WebhookRefusal;

  constructor(reason: WebhookRefusal, message: string) {
    super(message, { code: "invalid_webhook" });
    this.reason = reason;
  }
}

type ErrorClass = new (message: string, details: ErrorDetails) => WaybillError;

/** The codes whose class their status doesn't tell. */
const CLASS_BY_CODE: Readonly<Record<string, ErrorClass>> = {
  idempotency_key_reused: ConflictError,
  store_unavailable: UnavailableError,
} satisfies Partial<Record<ErrorCode, ErrorClass>>;

const CLASS_BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  401: UnauthenticatedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  429: RateLimitedError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
};

/** The error that an answer of 4xx or 5xx stands for; its body may be anything. */
export function errorOf(
  answer: { readonly status: number; readonly requestId: string | null; readonly body: unknown },
  retryAfter: number | null,
): WaybillError {
  const problem = readProblem(answer.body);
  const { status } = answer;
  const code = problem.code ?? `http_${status}`;
  const Class =
    (Object.hasOwn(CLASS_BY_CODE, code) ? CLASS_BY_CODE[code] : undefined) ??
    CLASS_BY_STATUS[status] ??
    (status >= 500 ? ServerError : InvalidRequestError);
  return new Class(problem.detail ?? problem.title ?? `The service answered ${status}.`, {
    code,
    status,
    requestId: problem.request_id ?? answer.requestId,
    fields: problem.errors ?? [],
    retryAfter,
  });
}

/** What can be relied on of a body that should be a problem document but may be a gateway's page. */
function readProblem(body: unknown): Partial<Problem> {
  if (typeof body !== "object" || body === null) return {};
  const { code, title, detail, request_id, errors }: Partial<Problem> = body;
  return {
    ...(typeof code === "string" && { code }),
    ...(typeof title === "string" && { title }),
    ...(typeof detail === "string" && { detail }),
    ...(typeof request_id === "string" && { request_id }),
    ...(Array.isArray(errors) && { errors }),
  };
}
