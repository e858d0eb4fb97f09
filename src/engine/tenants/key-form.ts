import { toBase64Url } from "../../crypto/encoding.ts";
import { sha256 } from "../../crypto/sha256.ts";

/**
 * The form in which an API key is kept and looked up: SHA-256 of the whole key, in lower-case
 * hexadecimal. A key holds 256 random bits, so neither salt nor stretching adds anything.
 */
export function hashKey(key: string): Promise<string> {
  return sha256(key);
}

/** How many random bytes a key is made of. */
export const KEY_BYTES = 32;

/** An API key as its owner sees it: `wb_` and the bytes in base64url (43 characters for 32 bytes). */
export function formatKey(bytes: Uint8Array): string {
  return `wb_${toBase64Url(bytes)}`;
}
