/** How many random bytes a key is made of. */
export const KEY_BYTES = 32;

/** An API key as its owner sees it: `wb_` and the bytes in base64url (43 characters for 32 bytes). */
export function formatKey(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return `wb_${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}
