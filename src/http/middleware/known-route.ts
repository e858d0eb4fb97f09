import type { OpenAPIHono } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { METHOD_NAME_ALL } from "hono/router";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../error-response.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * Answers requests that no route serves before it checks a key or a namespace: 404, or 405 with
 * `Allow` when the path has other methods (RFC 9110, section 15.5.6). The list of routes is not
 * secret.
 */
export function knownRoute(app: OpenAPIHono<AppEnv>) {
  return createMiddleware<AppEnv>(async (c, next) => {
    // Middleware matches every method; only a route names one.
    if (matchedRoutes(c).some((route) => route.method !== METHOD_NAME_ALL)) return next();
    const allowed = METHODS.filter((method) => hasRoute(app, method, c.req.path));
    if (allowed.length === 0) return problem(c, "not_found", "There is no such route.");
    return problem(c, "method_not_allowed", `Use ${allowed.join(" or ")} here.`, [], {
      Allow: allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : method)).join(", "),
    });
  });
}

function hasRoute(app: OpenAPIHono<AppEnv>, method: string, path: string): boolean {
  const [handlers] = app.router.match(method, path);
  return handlers.some(([[, route]]) => route.method === method);
}
