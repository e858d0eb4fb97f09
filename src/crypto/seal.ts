import { fromBase64, fromHex, toBase64, toHex } from "./encoding.ts";

/** The format's version: a later cipher gets another, and both can be read for a while. */
const VERSION = "s2";

/** 96 bits, the size that GCM is specified for (NIST SP 800-38D, section 8.2). */
const NONCE_BYTES = 12;

/** Enough to tell a deployment's few keys apart, while it reveals nothing about a 256-bit key. */
const KEY_ID_BYTES = 4;

/** Binds the hash to this use. */
const KEY_ID_PURPOSE = "waybill sealing key id v1 ";

/** The deployment's keys, in hexadecimal: `current` seals, `previous` (if any) still opens. */
export type SealingKeys = { readonly current: string; readonly previous: string | null };

/**
 * Seals a text under the deployment's current key with AES-256-GCM, as `s2.{key id}.{base64}`. The
 * nonce is random: safe up to 2^32 seals under one key (NIST SP 800-38D, section 8.3). `boundTo`
 * (the endpoint's id) is authenticated with it, so a writer to the database can't give one endpoint
 * another's secret.
 */
export async function seal(text: string, keys: SealingKeys, boundTo: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const prefix = sealPrefixOf(await keyIdOf(keys.current));
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      cipher(nonce, prefix + boundTo),
      await importKey(keys.current, "encrypt"),
      new TextEncoder().encode(text),
    ),
  );
  const whole = new Uint8Array(nonce.length + sealed.length);
  whole.set(nonce);
  whole.set(sealed, nonce.length);
  return prefix + toBase64(whole);
}

/**
 * Opens what {@link seal} sealed under either key. Throws when neither is the one that it names,
 * or when the binding or a single bit differs.
 */
export async function unseal(sealed: string, keys: SealingKeys, boundTo: string): Promise<string> {
  const [version, keyId, body] = sealed.split(".");
  if (version !== VERSION || keyId === undefined || body === undefined) {
    throw new Error("sealed in an unknown version");
  }
  const key = await keyWithId(keyId, keys);
  if (key === null) throw new Error(`sealed under the key ${keyId}, which is not set`);
  const whole = fromBase64(body);
  const text = await crypto.subtle.decrypt(
    cipher(whole.slice(0, NONCE_BYTES), sealPrefixOf(keyId) + boundTo),
    await importKey(key, "decrypt"),
    whole.slice(NONCE_BYTES),
  );
  return new TextDecoder().decode(text);
}

/** A sealing key's name in what it sealed: 8 hexadecimal digits. */
export async function keyIdOf(sealingKey: string): Promise<string> {
  const named = new TextEncoder().encode(KEY_ID_PURPOSE + sealingKey);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", named));
  return toHex(digest.slice(0, KEY_ID_BYTES));
}

/** The prefix of everything sealed under a key. */
export function sealPrefixOf(keyId: string): string {
  return `${VERSION}.${keyId}.`;
}

async function keyWithId(keyId: string, keys: SealingKeys): Promise<string | null> {
  if ((await keyIdOf(keys.current)) === keyId) return keys.current;
  const { previous } = keys;
  return previous !== null && (await keyIdOf(previous)) === keyId ? previous : null;
}

function cipher(nonce: Uint8Array<ArrayBuffer>, bound: string) {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(bound) };
}

function importKey(sealingKey: string, use: "encrypt" | "decrypt") {
  return crypto.subtle.importKey("raw", fromHex(sealingKey), "AES-GCM", false, [use]);
}
