import type { Context } from "hono";
import type { z } from "zod";
import type { Problem } from "../../contract/problem.ts";
import type { AppEnv } from "../app-env.ts";

/**
 * Tells QStash not to retry: the message goes straight to its dead letters.
 * https://upstash.com/docs/qstash/features/retry
 */
const NON_RETRYABLE_STATUS = 489;

/** The body of a message from the queue, parsed; invalid JSON fails like any wrong value. */
export function readMessage<Schema extends z.ZodType>(
  c: Context<AppEnv>,
  schema: Schema,
): z.ZodSafeParseResult<z.output<Schema>> {
  return schema.safeParse(parse(c.get("message")));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The response to a message that can't succeed on a retry: a problem that makes the queue drop the
 * message.
 */
export function malformedMessage(c: Context<AppEnv>, error: z.ZodError): Response {
  const errors = error.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  c.var.services.runtime.log("error", "a malformed message from the queue", {
    request_id: c.var.requestId,
    errors,
  });
  const body: Problem = {
    type: "urn:waybill:problem:invalid_request",
    title: "The message is not valid",
    status: NON_RETRYABLE_STATUS,
    detail: "The message doesn't have the form that this function takes.",
    instance: new URL(c.req.url).pathname,
    code: "invalid_request",
    request_id: c.var.requestId,
    errors,
  };
  return new Response(JSON.stringify(body), {
    status: NON_RETRYABLE_STATUS,
    headers: {
      "Content-Type": "application/problem+json",
      "Upstash-NonRetryable-Error": "true",
    },
  });
}
