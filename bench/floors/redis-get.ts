import type { Context } from "hono";
import type { FloorBindings } from "./bindings.ts";
import { redisOf } from "./clients.ts";

/** Hono and one `redis.get` of the very copy that Waybill's poll reads. */
export async function redisGet(c: Context<FloorBindings>): Promise<Response> {
  const value = await redisOf(c.env).get<string>(c.req.param("key") ?? "");
  if (value === null) return c.notFound();
  return c.body(value, 200, { "Content-Type": "application/json" });
}
