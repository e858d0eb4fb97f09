import { createMiddleware } from "hono/factory";
import { DomainError } from "../../engine/errors.ts";
import { resolveNamespace } from "../../engine/tenants/resolve-namespace.ts";
import type { AppEnv } from "../app-env.ts";

/** Requires `X-Namespace` (id or name) of a namespace that the caller can access. */
export const requireNamespace = createMiddleware<AppEnv>(async (c, next) => {
  const idOrName = c.req.header("X-Namespace");
  if (!idOrName) {
    throw new DomainError(
      "namespace_required",
      "Send the header X-Namespace: a namespace's name or id.",
    );
  }
  const ctx = c.get("caller");
  c.set("inNamespace", { ...ctx, namespace: await resolveNamespace({ ctx, input: { idOrName } }) });
  await next();
});
