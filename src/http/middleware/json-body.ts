import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { DomainError } from "../../engine/errors.ts";
import type { AppEnv } from "../app-env.ts";

/** The largest request body: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;

const limit = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new DomainError("payload_too_large", "A body may have 1 MiB at most. Send less at once.");
  },
});

/** Refuses a larger body with 413 before it is read into memory. A GET's is never read, and polls are many. */
export const limitBody = createMiddleware<AppEnv>((c, next) =>
  c.req.method === "GET" ? next() : limit(c, next),
);

/**
 * A body that is there must say that it is JSON; otherwise it would be passed over in silence. One
 * that isn't there is the same as `{}`, whatever type a client's library says that it has.
 */
export const requireJson = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.method === "GET") return next();
  const type = c.req.header("Content-Type");
  const hasBody = c.req.raw.body !== null && c.req.header("Content-Length") !== "0";
  if (hasBody && !/^application\/json\s*(;|$)/i.test(type ?? "")) {
    throw new DomainError(
      "unsupported_media_type",
      "Send the header Content-Type: application/json.",
    );
  }
  if (!hasBody && type !== undefined) {
    const headers = new Headers(c.req.raw.headers);
    headers.delete("Content-Type");
    c.req.raw = new Request(c.req.raw, { headers });
  }
  await next();
});
