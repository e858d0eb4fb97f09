import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ErrorCode, InvalidField, Problem } from "../contract/problem.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { ServiceContext } from "../engine/context.ts";
import { DomainError } from "../engine/errors.ts";
import type { AppEnv } from "./app-env.ts";

type Status = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 500 | 503;

/** A request may have thousands of wrong fields; the first ones are enough. */
const MAX_LISTED_FIELDS = 100;

/** How long a caller should wait before retrying when a store was unavailable, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** The HTTP status and title of each code. Exhaustive: a new code does not compile without one. */
export function presentation(code: ErrorCode): { status: Status; title: string } {
  switch (code) {
    case "invalid_request":
      return { status: 400, title: "The request is not valid" };
    case "malformed_json":
      return { status: 400, title: "The body is not JSON" };
    case "invalid_cursor":
      return { status: 400, title: "The cursor is not valid" };
    case "namespace_required":
      return { status: 400, title: "A namespace is required" };
    case "unauthenticated":
      return { status: 401, title: "The key is missing or unknown" };
    case "forbidden":
      return { status: 403, title: "The key may not do this" };
    case "not_found":
      return { status: 404, title: "Not found" };
    case "method_not_allowed":
      return { status: 405, title: "The method is not allowed here" };
    case "name_taken":
      return { status: 409, title: "The name is taken" };
    case "not_empty":
      return { status: 409, title: "The resource is not empty" };
    case "resource_in_use":
      return { status: 409, title: "The resource is in use" };
    case "not_a_draft":
      return { status: 409, title: "The resource is not a draft" };
    case "task_already_terminal":
      return { status: 409, title: "The task has ended" };
    case "task_not_killable":
      return { status: 409, title: "The task can't be killed" };
    case "task_not_retryable":
      return { status: 409, title: "The task can't be retried" };
    case "parent_canceled":
      return { status: 409, title: "The parent was canceled" };
    case "report_superseded":
      return { status: 409, title: "The report is from an attempt that has ended" };
    case "webhook_not_active":
      return { status: 409, title: "The endpoint is not in service" };
    case "webhook_has_no_url":
      return { status: 409, title: "The endpoint has no URL to send to" };
    case "delivery_not_resendable":
      return { status: 409, title: "The delivery can't be sent again" };
    case "delivery_not_skippable":
      return { status: 409, title: "The delivery can't be skipped" };
    case "payload_too_large":
      return { status: 413, title: "The body is too large" };
    case "unsupported_media_type":
      return { status: 415, title: "The body must be JSON" };
    case "idempotency_key_reused":
      return { status: 422, title: "The idempotency key belongs to another request" };
    case "store_unavailable":
      return { status: 503, title: "A required service is not available" };
    case "internal_error":
      return { status: 500, title: "Something went wrong" };
  }
}

/** The URI that names a code (RFC 9457, section 3.1.1); it is a name, not a page. */
export function typeOf(code: ErrorCode): string {
  return `urn:waybill:problem:${code}`;
}

/**
 * Turns an error thrown by a route into `application/problem+json` (RFC 9457). An unknown error is
 * logged in full; the response shows only the request id.
 */
export function errorResponse(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof DomainError) return problem(c, error.code, error.message, error.fields);
  if (error instanceof StoreUnavailableError) {
    c.var.services?.runtime.log("warn", error.message, {
      request_id: c.var.requestId,
      cause: String(error.cause),
    });
    return problem(
      c,
      "store_unavailable",
      // A lost response doesn't tell whether the request was carried out.
      "Try again shortly. If the connection broke late, the request may have been carried out.",
      [],
      { "Retry-After": String(RETRY_AFTER_SECONDS) },
    );
  }
  if (error instanceof HTTPException && error.status === 400) {
    return problem(c, "malformed_json", "The body could not be read as JSON. Send a JSON object.");
  }
  if (error instanceof HTTPException && error.status === 415) {
    return problem(c, "unsupported_media_type", "Send the header Content-Type: application/json.");
  }
  const fields = {
    request_id: c.var.requestId,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
  const services: ServiceContext | undefined = c.var.services;
  if (services === undefined) {
    // With a wrong configuration, only the platform's log is available.
    console.error(JSON.stringify({ level: "error", message: "unexpected error", ...fields }));
  } else {
    services.runtime.log("error", "unexpected error", fields);
  }
  return problem(c, "internal_error", `Report this with the request id ${c.var.requestId}.`);
}

/** One problem document. */
export function problem(
  c: Context<AppEnv>,
  code: ErrorCode,
  detail: string,
  fields: readonly InvalidField[] = [],
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status, title } = presentation(code);
  const body: Problem = {
    type: typeOf(code),
    title,
    status,
    detail,
    instance: new URL(c.req.url).pathname,
    code,
    request_id: c.var.requestId,
    ...(fields.length > 0 && { errors: fields.slice(0, MAX_LISTED_FIELDS) }),
  };
  return c.body(JSON.stringify(body), status, {
    "Content-Type": "application/problem+json",
    "X-Request-Id": c.var.requestId,
    // RFC 9110, section 15.5.2: a 401 says how to authenticate.
    ...(status === 401 && { "WWW-Authenticate": 'Bearer realm="waybill"' }),
    ...headers,
  });
}
