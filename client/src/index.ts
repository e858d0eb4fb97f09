export type * from "./contract.ts";
export { type Client, createClient } from "./client.ts";
export {
  ConflictError,
  DeadlineError,
  ForbiddenError,
  InvalidRequestError,
  NetworkError,
  NotFoundError,
  RateLimitedError,
  ServerError,
  TaskFailedError,
  TimeoutError,
  UnauthenticatedError,
  UnavailableError,
  UnexpectedAnswerError,
  type Waited,
  WaybillError,
  type WaybillErrorCode,
  type WebhookRefusal,
  WebhookVerificationError,
} from "./errors.ts";
export type { EventData, WaybillEvent } from "./event.ts";
export type { CallOptions, ClientOptions, RetryOptions } from "./options.ts";
export type { Page } from "./route.ts";
export type { StreamOptions, TaskEvent } from "./stream-task.ts";
export {
  verifyWebhook,
  type VerifiedWebhook,
  type VerifyWebhookOptions,
  type WebhookKeySet,
} from "./verify-webhook.ts";
export type { WaitOptions } from "./wait-for-task.ts";
