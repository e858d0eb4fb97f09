/** The one way in which this server reads and writes BSON. Source: https://bsonspec.org/spec.html */
import { calculateObjectSize, deserialize, serialize } from "bson";
import { CommandError } from "../errors.ts";
import type { Doc } from "../values/types.ts";

/** https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-BSON-Document-Size */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Regular expressions stay as sent: JavaScript cannot hold every PCRE flag. */
const DECODE_OPTIONS = { promoteLongs: false, bsonRegExp: true } as const;

export function decode(bytes: Uint8Array): Doc {
  return deserialize(bytes, DECODE_OPTIONS);
}

/** As {@link decode}, but leaves the documents of the array field `field` as bytes. */
export function decodeKeepingRaw(bytes: Uint8Array, field: string): Doc {
  return deserialize(bytes, { ...DECODE_OPTIONS, fieldsAsRaw: { [field]: true } });
}

export function encode(doc: Doc): Uint8Array {
  return serialize(doc, { ignoreUndefined: true });
}

/** A document that is to be stored, checked against the limit. */
export function encodeStored(doc: Doc): Uint8Array {
  const size = calculateObjectSize(doc, { ignoreUndefined: true });
  if (size > MAX_DOCUMENT_BYTES) throw tooLarge(size);
  return encode(doc);
}

export function tooLarge(bytes: number): CommandError {
  return new CommandError(
    10334,
    `BSONObj size: ${bytes} (0x${bytes.toString(16).toUpperCase()}) is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES + 16_384}(16MB)`,
  );
}

/** The name of a document's first field, read without decoding the rest: a command's name. */
export function firstFieldName(bytes: Uint8Array): string {
  const nameStart = 5;
  let end = nameStart;
  while (end < bytes.length && bytes[end] !== 0) end += 1;
  return Buffer.from(bytes.buffer, bytes.byteOffset + nameStart, end - nameStart).toString("utf8");
}
