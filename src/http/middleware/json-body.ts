import { parse as parseContentType } from "content-type";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { DomainError } from "../../engine/errors.ts";
import type { AppEnv } from "../app-env.ts";
import { readBody, UnsupportedCodingError } from "../body.ts";
import { problem } from "../error-response.ts";
import { parseIJson } from "../i-json.ts";

/**
 * Reads and checks the JSON body before any handler: `c.req.json()` returns the checked value. An
 * empty body, chunked or not, is the same as `{}`, whatever content type the client sends. A GET's
 * body is never read, because polls are frequent. Runs after the key is checked. Throws
 * `payload_too_large`, `unsupported_media_type`, `malformed_json` and `invalid_request`.
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
    // Normalized, because the validators parse it more strictly.
    headers.set("Content-Type", "application/json");
  }
  c.req.raw = new Request(c.req.raw.url, { method: c.req.method, headers });
  await next();
});

/** RFC 9110, section 12.5.3: a 415 for a content coding names the supported ones. */
function unsupportedCoding(c: Context<AppEnv>): Response {
  return problem(
    c,
    "unsupported_media_type",
    "Send the body as it is, or in gzip: Content-Encoding may be gzip or identity.",
    [],
    { "Accept-Encoding": "gzip, identity" },
  );
}
