import { fromBase64, fromBase64Url, toBase64, toBase64Url } from "./encoding.ts";

/** What Standard Webhooks puts before a private and a public Ed25519 key. */
export const ED25519_SECRET_PREFIX = "whsk_";
const PUBLIC_PREFIX = "whpk_";

/** Of the private key (its seed) and of the public one (RFC 8032, section 5.1.5). */
const KEY_BYTES = 32;

const ALGORITHM = "Ed25519";

/** A key pair in the written forms of Standard Webhooks, and the name of its public key. */
export type Ed25519KeyPair = {
  /** `whsk_` and the base64 of seed and public key (64 bytes); never leaves the deployment. */
  readonly secret: string;
  /** `whpk_` and the base64 of the public key. */
  readonly publicKey: string;
  /** The thumbprint of the public key as a JWK (RFC 7638), which only this key has. */
  readonly keyId: string;
};

/** A public Ed25519 key as a JWK (RFC 8037), for verifying signatures. */
export type Ed25519Jwk = {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
};

/** A new key pair from the platform's cryptographic randomness. */
export async function newEd25519KeyPair(): Promise<Ed25519KeyPair> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("the platform made no key pair");
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  if (!("d" in jwk) || jwk.d === undefined || jwk.x === undefined) {
    throw new Error("the platform exported no private key");
  }
  const seed = fromBase64Url(jwk.d);
  const publicKey = fromBase64Url(jwk.x);
  const both = new Uint8Array(2 * KEY_BYTES);
  both.set(seed);
  both.set(publicKey, KEY_BYTES);
  return {
    secret: ED25519_SECRET_PREFIX + toBase64(both),
    publicKey: PUBLIC_PREFIX + toBase64(publicKey),
    keyId: await thumbprintOf(jwk.x),
  };
}

/** The 64 bytes of a signature (RFC 8032) with a `whsk_…`. */
export async function signEd25519(
  secret: string,
  content: ReturnType<TextEncoder["encode"]>,
): Promise<Uint8Array> {
  const both = fromBase64(secret.slice(ED25519_SECRET_PREFIX.length));
  const jwk = {
    kty: "OKP",
    crv: ALGORITHM,
    d: toBase64Url(both.slice(0, KEY_BYTES)),
    x: toBase64Url(both.slice(KEY_BYTES)),
  };
  // As a JWK: workerd and Node both take a private key in this form, and neither as raw bytes.
  const key = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, content));
}

/** A `whpk_…` and its name as a JWK. */
export function jwkOf(publicKey: string, keyId: string): Ed25519Jwk {
  const x = toBase64Url(fromBase64(publicKey.slice(PUBLIC_PREFIX.length)));
  return { kty: "OKP", crv: "Ed25519", x, kid: keyId, alg: "EdDSA", use: "sig" };
}

/** RFC 7638 with the required members of RFC 8037, appendix A.3. */
async function thumbprintOf(x: string): Promise<string> {
  const members = new TextEncoder().encode(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`);
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", members)));
}
