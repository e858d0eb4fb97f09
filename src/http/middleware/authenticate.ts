import { createMiddleware } from "hono/factory";
import { authenticate as identify } from "../../engine/tenants/authenticate.ts";
import type { AppEnv } from "../app-env.ts";

/** Requires a key (`Authorization: Bearer`) and resolves it to its caller. */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const ctx = c.get("services");
  const principal = await identify({
    ctx,
    input: { authorization: c.req.header("Authorization") },
  });
  c.set("caller", { ...ctx, principal });
  await next();
});
