import { toHex } from "./encoding.ts";

/** SHA-256 of a text's UTF-8 (FIPS 180-4), in lower-case hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toHex(new Uint8Array(digest));
}
