import { Redis } from "@upstash/redis/cloudflare";
import type { Context } from "hono";
import type { FloorBindings } from "./bindings.ts";

let redis: Redis | null = null;

/**
 * Hono and one `redis.get` of the very copy that Waybill's poll reads, by a client that is made
 * once, with the options that make it cheapest.
 */
export async function redisGet(c: Context<FloorBindings>): Promise<Response> {
  redis ??= new Redis({
    url: c.env.UPSTASH_REDIS_REST_URL,
    token: c.env.UPSTASH_REDIS_REST_TOKEN,
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
    enableAutoPipelining: false,
  });
  const value = await redis.get<string>(c.req.param("key") ?? "");
  if (value === null) return c.notFound();
  return c.body(value, 200, { "Content-Type": "application/json" });
}
