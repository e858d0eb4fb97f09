/**
 * The form in which an API key is kept and looked up: SHA-256 of the whole key, in lower-case
 * hexadecimal. A key holds 256 random bits, so neither salt nor stretching adds anything.
 */
export async function hashKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
