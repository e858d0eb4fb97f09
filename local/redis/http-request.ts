import { bytesFromText, commandOf, RedisError } from "./reply.ts";
import type { ByteString, Command } from "./reply.ts";

/** What one HTTP request asks for. */
export type RestRequest =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "pipeline"; readonly commands: readonly Command[] }
  | { readonly kind: "transaction"; readonly commands: readonly Command[] };

/**
 * Reads the path, the query and the body. Throws a {@link RedisError} for what is no command;
 * Upstash documents the status of such an answer (400), not its words.
 * @see https://upstash.com/docs/redis/features/restapi (API Semantics, Pipelining, Transactions)
 */
export function readRequest(
  path: string,
  query: URLSearchParams | null,
  body: Buffer,
): RestRequest {
  if (path === "/") return { kind: "command", command: readCommand(parseJson(body)) };
  if (path === "/pipeline") return { kind: "pipeline", commands: readCommands(body) };
  if (path === "/multi-exec") return { kind: "transaction", commands: readCommands(body) };
  const parts = path
    .split("/")
    .slice(1)
    .filter((part, at) => part !== "" || at > 0);
  const words = parts.map((part) => bytesFromText(decode(part)));
  // A body is the last argument, and parameters of the query follow it.
  if (body.length > 0) words.push(body.toString("latin1"));
  for (const [key, value] of query ?? []) {
    if (key === "_token") continue;
    words.push(bytesFromText(key));
    if (value !== "") words.push(bytesFromText(value));
  }
  return { kind: "command", command: commandOf(words) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RedisError("ERR failed to decode the path");
  }
}

function readCommands(body: Buffer): readonly Command[] {
  const list = parseJson(body);
  if (!Array.isArray(list) || list.length === 0) {
    throw new RedisError("ERR failed to parse the request: a non-empty array of commands expected");
  }
  return list.map((item) => readCommand(item));
}

function readCommand(value: unknown): Command {
  if (!Array.isArray(value) || value.length === 0) {
    throw new RedisError("ERR failed to parse the command: a non-empty array expected");
  }
  return commandOf(value.map((item) => readArgument(item)));
}

/** JSON numbers and booleans are taken for their text; the SDK sends both as they are. */
function readArgument(value: unknown): ByteString {
  if (typeof value === "string") return bytesFromText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof NumberText) return value.text;
  throw new RedisError("ERR failed to parse the command: strings and numbers expected");
}

/** A JSON number in the digits it was sent with. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a number may lose when it goes through a double: long digits, and forms like 1.0 or 1e3. */
const INEXACT_NUMBER = /[[,:\s]-?(?:\d{16,}|\d+\.\d|\d+e)/i;

function parseJson(body: Buffer): unknown {
  const text = body.toString("utf8");
  try {
    if (!INEXACT_NUMBER.test(text)) return JSON.parse(text);
    return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
      typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value,
    );
  } catch {
    throw new RedisError("ERR failed to parse the request: JSON expected");
  }
}
