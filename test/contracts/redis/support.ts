import { Redis } from "@upstash/redis";
import { startRedisServer } from "../../../local/redis/server.ts";
import type { RedisServer, RedisServerOptions } from "../../../local/redis/server.ts";

export const TOKEN = "test-token";

/** A clock that only moves when told to. */
export type DrivenClock = { readonly now: () => number; advance(ms: number): void };

const START_MS = Date.UTC(2026, 0, 1);

export function drivenClock(): DrivenClock {
  let nowMs = START_MS;
  return {
    now: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}

export async function startServer(
  options: Omit<RedisServerOptions, "token"> = {},
): Promise<RedisServer> {
  return startRedisServer({ ...options, token: TOKEN });
}

type ClientOptions = { automaticDeserialization?: boolean; enableAutoPipelining?: boolean };

/** The official client. Without retries, so that an error or a cut shows at once. */
export function connect(server: RedisServer, options: ClientOptions = {}): Redis {
  return new Redis({ url: server.url, token: server.token, retry: false, ...options });
}

export type RawAnswer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
};

type RawOptions = { method?: string; headers?: Record<string, string>; body?: unknown };

/** A request with the token and nothing else the client would add. */
export async function request(
  server: RedisServer,
  path: string,
  { method = "POST", headers = {}, body }: RawOptions = {},
): Promise<RawAnswer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    ...(body === undefined ? {} : { body: text }),
  });
  const answer = await response.text();
  return {
    status: response.status,
    body: answer === "" ? null : (JSON.parse(answer) as unknown),
    headers: response.headers,
  };
}

/** One command as the wire answers it, without the client's deserialisation. */
export async function send(server: RedisServer, ...command: unknown[]): Promise<unknown> {
  return (await request(server, "/", { body: command })).body;
}
