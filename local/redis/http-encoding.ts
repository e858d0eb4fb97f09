import { RedisError, StatusReply, textFromBytes } from "./reply.ts";
import type { ByteString, Reply } from "./reply.ts";

/** `base64` after the request header `Upstash-Encoding: base64`, which the SDK sends by default. */
export type ReplyEncoding = "text" | "base64";

/**
 * `{"result":…}` or `{"error":…}`. With base64 all strings are encoded but a top-level "OK";
 * numbers, null and errors stay as they are.
 * @see https://upstash.com/docs/redis/features/restapi (Response, Base64 Encoded Responses)
 */
export function encodeAnswer(reply: Reply, encoding: ReplyEncoding): string {
  if (reply instanceof RedisError) return encodeError(reply.message);
  const text = reply instanceof StatusReply ? reply.text : reply;
  return text === "OK" ? '{"result":"OK"}' : `{"result":${encodeValue(text, encoding)}}`;
}

export function encodeError(message: ByteString): string {
  return `{"error":${JSON.stringify(textFromBytes(message))}}`;
}

function encodeValue(reply: Reply, encoding: ReplyEncoding): string {
  if (reply === null) return "null";
  if (typeof reply === "string") return encodeString(reply, encoding);
  if (typeof reply === "number" || typeof reply === "bigint") return String(reply);
  if (reply instanceof StatusReply) return encodeString(reply.text, encoding);
  // An error inside an array (a script can return one) has no documented form: its text.
  if (reply instanceof RedisError) return encodeString(reply.message, encoding);
  return `[${reply.map((item) => encodeValue(item, encoding)).join(",")}]`;
}

function encodeString(bytes: ByteString, encoding: ReplyEncoding): string {
  return encoding === "base64"
    ? `"${Buffer.from(bytes, "latin1").toString("base64")}"`
    : JSON.stringify(textFromBytes(bytes));
}
