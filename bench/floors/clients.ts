import { Client } from "@upstash/qstash";
import { Redis } from "@upstash/redis/cloudflare";
import type { FloorBindings } from "./bindings.ts";

type Env = FloorBindings["Bindings"];

let redis: Redis | null = null;
let qstash: Client | null = null;

/** The client, made once, with the options that make it cheapest. */
export function redisOf(env: Env): Redis {
  return (redis ??= new Redis({
    url: env.UPSTASH_REDIS_REST_URL,
    token: env.UPSTASH_REDIS_REST_TOKEN,
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
    enableAutoPipelining: false,
  }));
}

export function qstashOf(env: Env): Client {
  return (qstash ??= new Client({
    baseUrl: env.QSTASH_URL,
    token: env.QSTASH_TOKEN,
    devMode: false,
    enableTelemetry: false,
  }));
}

/** Any one of as many pool objects as Waybill has. */
export function poolOf(env: Env) {
  const size = Number(env.MONGODB_POOL_SIZE);
  return env.MONGO_POOL.getByName(`pool-${Math.floor(Math.random() * size)}`);
}
