import { expect, it } from "vitest";
import { formatKey, KEY_BYTES, hashKey } from "./key-form.ts";

it("a key is wb_ and its 32 bytes in base64url", () => {
  const bytes = Uint8Array.from({ length: KEY_BYTES }, (_, index) => 255 - index);
  const key = formatKey(bytes);
  expect(key).toMatch(/^wb_[A-Za-z0-9_-]{43}$/);
  expect(key.slice(3)).toBe(Buffer.from(bytes).toString("base64url"));
});

it("a key is kept as its SHA-256 in lower-case hexadecimal (FIPS 180-2, B.1)", async () => {
  expect(await hashKey("abc")).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
