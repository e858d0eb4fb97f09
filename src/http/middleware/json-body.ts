import { parse as parseContentType } from "content-type";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { DomainError } from "../../engine/errors.ts";
import type { AppEnv } from "../app-env.ts";
import { readBody, UnsupportedCodingError } from "../body.ts";
import { problem } from "../error-response.ts";
import { parseIJson } from "../i-json.ts";

/**
 * Reads the body and decides what JSON may hold, before any handler: `c.req.json()` answers the
 * value that was checked. A body that is empty, in chunks or not, is the same as `{}`, whatever type
 * a client's library says that it has. A GET's is never read, and polls are many. It stands behind
 * what checks the key. Throws `payload_too_large`, `unsupported_media_type`, `malformed_json` and
 * `invalid_request`.
 */
export const readJson = createMiddleware<AppEnv>(async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return next();
  let body: Uint8Array;
  try {
    body = await readBody(c.req.raw);
  } catch (error) {
    if (error instanceof UnsupportedCodingError) return unsupportedCoding(c);
    throw error;
  }
  const type = c.req.header("Content-Type");
  const headers = new Headers(c.req.raw.headers);
  headers.delete("Content-Type");
  if (body.byteLength > 0) {
    if (type === undefined || parseContentType(type).type !== "application/json") {
      throw new DomainError(
        "unsupported_media_type",
        "Send the header Content-Type: application/json.",
      );
    }
    const value = parseIJson(body);
    Object.assign(c.req, { json: () => Promise.resolve(value) });
    // As the validators write it, which read it with less tolerance.
    headers.set("Content-Type", "application/json");
  }
  c.req.raw = new Request(c.req.raw.url, { method: c.req.method, headers });
  await next();
});

/** RFC 9110, section 12.5.3: a 415 for a coding names those that are taken. */
function unsupportedCoding(c: Context<AppEnv>): Response {
  return problem(
    c,
    "unsupported_media_type",
    "Send the body as it is, or in gzip: Content-Encoding may be gzip or identity.",
    [],
    { "Accept-Encoding": "gzip, identity" },
  );
}
