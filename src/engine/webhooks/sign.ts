import { fromBase64, toBase64 } from "../../crypto/encoding.ts";
import { ED25519_SECRET_PREFIX, signEd25519 } from "../../crypto/ed25519.ts";

/** What a Standard Webhooks secret starts with. */
export const SECRET_PREFIX = "whsec_";

/** Standard Webhooks asks for 24 to 64 bytes; 32 is SHA-256's own strength. */
const SECRET_BYTES = 32;

/** A new signing secret from the platform's cryptographic randomness, in text form. */
export function newSecret(): string {
  return SECRET_PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/** What is signed: the event's id, the attempt's time, and the exact bytes of the body. */
export type SignedMessage = {
  /** The event's id: the same for all retries, so a receiver can drop duplicates. */
  readonly id: string;
  readonly at: Date;
  readonly body: string;
};

/**
 * The three headers of the Standard Webhooks specification, with one signature over
 * `id.timestamp.body` for each active secret, separated by spaces: `v1` (HMAC-SHA256) with a
 * `whsec_…`, `v1a` (Ed25519) with a `whsk_…`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function signatureHeaders(
  secrets: readonly string[],
  message: SignedMessage,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(message.at.getTime() / 1000));
  const content = new TextEncoder().encode(`${message.id}.${timestamp}.${message.body}`);
  const signatures = await Promise.all(secrets.map((secret) => signWith(secret, content)));
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

/** What the encoder gives: workerd's types and Node's differ in the buffer behind it. */
type Bytes = ReturnType<TextEncoder["encode"]>;

async function signWith(secret: string, content: Bytes): Promise<string> {
  return secret.startsWith(ED25519_SECRET_PREFIX)
    ? `v1a,${toBase64(await signEd25519(secret, content))}`
    : `v1,${toBase64(await signHmac(secret, content))}`;
}

async function signHmac(secret: string, content: Bytes): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey(
    "raw",
    fromBase64(secret.slice(SECRET_PREFIX.length)),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
}
