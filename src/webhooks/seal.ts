import { fromBase64, fromHex, toBase64 } from "./base64.ts";

/** The format's version: a later cipher or key gets another, and both can be read for a while. */
const VERSION = "s1.";

/** 96 bits, the size that GCM is specified for (NIST SP 800-38D, section 8.2). */
const NONCE_BYTES = 12;

/**
 * Seals a secret under the deployment's key with AES-256-GCM. The nonce is random: safe up to 2^32
 * seals under one key (NIST SP 800-38D, section 8.3). `boundTo` (the endpoint's id) is
 * authenticated with it, so that whoever can write to the database can't give one endpoint the
 * secret of another.
 */
export async function sealSecret(
  secret: string,
  sealingKey: string,
  boundTo: string,
): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      cipher(nonce, boundTo),
      await importKey(sealingKey, "encrypt"),
      new TextEncoder().encode(secret),
    ),
  );
  const whole = new Uint8Array(nonce.length + sealed.length);
  whole.set(nonce);
  whole.set(sealed, nonce.length);
  return VERSION + toBase64(whole);
}

/** Opens what {@link sealSecret} sealed. Throws when the key, the binding or a single bit differs. */
export async function openSecret(
  sealed: string,
  sealingKey: string,
  boundTo: string,
): Promise<string> {
  if (!sealed.startsWith(VERSION)) throw new Error("a sealed secret of an unknown version");
  const whole = fromBase64(sealed.slice(VERSION.length));
  const secret = await crypto.subtle.decrypt(
    cipher(whole.slice(0, NONCE_BYTES), boundTo),
    await importKey(sealingKey, "decrypt"),
    whole.slice(NONCE_BYTES),
  );
  return new TextDecoder().decode(secret);
}

function cipher(nonce: Uint8Array<ArrayBuffer>, boundTo: string) {
  const additionalData = new TextEncoder().encode(VERSION + boundTo);
  return { name: "AES-GCM", iv: nonce, additionalData };
}

function importKey(sealingKey: string, use: "encrypt" | "decrypt") {
  return crypto.subtle.importKey("raw", fromHex(sealingKey), "AES-GCM", false, [use]);
}
