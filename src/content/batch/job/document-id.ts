import { ID_PREFIXES } from "../../../contract/ids.ts";

/** The time part of a UUIDv7: 48 bits of milliseconds (RFC 9562, 5.7). */
const TIME_DIGITS = 12;

/** 80 bits: two of a billion documents of one millisecond meet with a chance below 10⁻⁶. */
const HASH_BYTES = 10;

const encoder = new TextEncoder();

/**
 * The id of a chunk's document, made of nothing but what it is: so a step that runs twice, and a
 * second batch over the same object, write the same document again. It begins with the object's
 * time, so that documents stand in the order of their objects' age.
 */
export async function documentId(
  collectionId: string,
  objectId: string,
  chunkIndex: number,
): Promise<string> {
  const hex = objectId.slice(objectId.indexOf("_") + 1);
  const name = encoder.encode(`${collectionId}/${objectId}/${chunkIndex}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", name)).subarray(0, HASH_BYTES);
  let id = `${ID_PREFIXES.document}_${hex.slice(0, TIME_DIGITS)}`;
  for (const byte of hash) id += byte.toString(16).padStart(2, "0");
  return id;
}
