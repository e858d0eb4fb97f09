import type { ServerResponse } from "node:http";
import { textFromBytes } from "./reply.ts";
import type { ByteString } from "./reply.ts";
import type { Subscriptions } from "./subscriptions.ts";

/**
 * `/subscribe/{channel}` and `/psubscribe/{pattern}` as server-sent events, until the caller
 * goes away. @see https://upstash.com/docs/redis/features/restapi (Subscribe & Publish Commands)
 */
export function streamChannel(
  subscriptions: Subscriptions,
  name: ByteString,
  isPattern: boolean,
  response: ServerResponse,
): void {
  const write = (...parts: ByteString[]): void => {
    response.write(`data: ${textFromBytes(parts.join(","))}\n\n`);
  };
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  write(isPattern ? "psubscribe" : "subscribe", name, "1");
  const end = subscriptions.add(name, isPattern, (channel, message) => {
    if (isPattern) write("pmessage", name, channel, message);
    else write("message", channel, message);
  });
  response.on("close", end);
}
