import { Redis } from "@upstash/redis/cloudflare";
import type { Context } from "hono";
import type { FloorBindings } from "./bindings.ts";

/**
 * Hono and one `redis.get` of the very copy that Waybill's poll reads. The client is made per
 * request, as it must be in Workers, with the options that make it cheapest.
 */
export async function redisGet(c: Context<FloorBindings>): Promise<Response> {
  const redis = new Redis({
    url: c.env.UPSTASH_REDIS_REST_URL,
    token: c.env.UPSTASH_REDIS_REST_TOKEN,
    automaticDeserialization: false,
    enableTelemetry: false,
    enableAutoPipelining: false,
  });
  const value = await redis.get<string>(c.req.param("key") ?? "");
  if (value === null) return c.notFound();
  return c.body(value, 200, { "Content-Type": "application/json" });
}
