import { sha256 } from "../sha256.ts";

/**
 * The form in which an API key is kept and looked up: SHA-256 of the whole key, in lower-case
 * hexadecimal. A key holds 256 random bits, so neither salt nor stretching adds anything.
 */
export function hashKey(key: string): Promise<string> {
  return sha256(key);
}
