/** The edge: takes requests apart, checks the token, finds the route and shapes the answer. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Broker } from "./broker.ts";
import { ApiError, invalid, limitExceeded, notFound, statusOf } from "./errors.ts";
import { ConnectionCut, Refused, carryOut } from "./intake.ts";
import type { Reply } from "./intake.ts";
import { REQUEST_BYTES } from "./limits.ts";
import type { Call } from "./route.ts";
import { ROUTES } from "./routes/index.ts";

export function createListener(broker: Broker, token: string): RequestListener {
  return (request, response) => {
    const end = broker.activity.begin();
    response.once("close", end);
    void respond(broker, token, request, response);
  };
}

async function respond(
  broker: Broker,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let reply: Reply;
  try {
    const body = await readBody(request);
    reply = await answer(broker, token, {
      method: request.method ?? "GET",
      url: request.url ?? "/",
      headers: Object.entries(request.headers),
      body,
      callerIp: request.socket.remoteAddress ?? "",
    });
  } catch (error) {
    // A caller that went away in the middle of its request hears no answer either.
    if (error instanceof ConnectionCut || !request.complete) {
      request.socket.destroy();
      return;
    }
    reply = toReply(error);
  }
  const json = reply.body === undefined ? "" : JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(json),
  });
  response.end(json);
}

/** A request as it came, whatever brought it. */
export type HttpRequest = {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Iterable<readonly [string, string | readonly string[] | undefined]>;
  readonly body: Buffer;
  readonly callerIp: string;
};

/** Answers a request. Rejects with {@link ConnectionCut} when a fault asks for no answer. */
export async function answer(broker: Broker, token: string, request: HttpRequest): Promise<Reply> {
  try {
    const call = takeApart(broker, request);
    authorize(call, token);
    return await route(call);
  } catch (error) {
    if (error instanceof ConnectionCut) throw error;
    return toReply(error);
  }
}

function toReply(error: unknown): Reply {
  if (error instanceof ApiError) {
    return { status: statusOf(error.code), body: { error: error.message } };
  }
  // The stand-in's own mistakes have to be seen, not to pass for the vendor's.
  if (!(error instanceof Refused)) console.error("QStash stand-in:", error);
  return { status: 500, body: { error: "internal server error" } };
}

/** Bearer or `?qstash_token=`: https://upstash.com/docs/qstash/api/authentication. */
function authorize({ headers, query }: Call, token: string): void {
  const bearer = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const given = bearer ?? query.get("qstash_token") ?? "";
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new ApiError("unauthorized", "unauthorized: the token is missing or wrong");
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function takeApart(broker: Broker, request: HttpRequest): Call {
  const [rawPath = "", ...queryParts] = request.url.split("?");
  const rawQuery = queryParts.join("?");
  const query = new URLSearchParams(rawQuery);
  const headers = new Map<string, string>();
  // "You can use the lowercase format of headers as the key": .../howto/webhook. Headers win.
  for (const [name, value] of query) if (name.startsWith("upstash-")) headers.set(name, value);
  for (const [name, value] of request.headers) {
    if (value !== undefined)
      headers.set(name, typeof value === "string" ? value : value.join(", "));
  }
  return {
    broker,
    method: request.method,
    path: rawPath,
    destinationQuery: rawQuery.split("&").filter(isForDestination).join("&"),
    query,
    headers,
    body: request.body,
    callerIp: request.callerIp,
  };
}

function isForDestination(pair: string): boolean {
  return !pair.startsWith("qstash_token=") && !pair.startsWith("upstash-");
}

async function route(call: Call): Promise<Reply> {
  let isKnownPath = false;
  for (const candidate of ROUTES) {
    const { methods, path } = candidate;
    const match = path.exec(call.path) ?? path.exec(call.path.replace(/\/$/, ""));
    if (match === null) continue;
    isKnownPath = true;
    if (!methods.includes(call.method)) continue;
    const names = decode(match);
    if (candidate.isMessageRoute === true) return candidate.run(call, names);
    const operations = [
      { name: call.method.toLowerCase(), target: call.path, isWrite: call.method !== "GET" },
    ];
    return carryOut(call.broker, operations, () => ({
      reply: candidate.run(call, names),
      accepted: operations,
    }));
  }
  throw isKnownPath
    ? invalid(`${call.method} is not allowed on ${call.path}`)
    : notFound(`there is no ${call.path}`);
}

function decode(match: RegExpExecArray): string[] {
  return match.slice(1).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      // A raw destination may contain a bare "%"; it is read from the path, not from here.
      return part;
    }
  });
}

/** Reads on beyond the limit, to the end: a caller that still writes can't hear an answer. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= REQUEST_BYTES) chunks.push(chunk);
  }
  if (size > REQUEST_BYTES) throw limitExceeded("the request is too large");
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
