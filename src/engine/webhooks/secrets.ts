import type { SignatureScheme } from "../../contract/webhook.ts";
import type { SigningSecret, EndpointRecord } from "../../ports/endpoint-store.ts";
import type { KeyedRequest } from "../keyed-request.ts";
import { newEd25519KeyPair } from "../../crypto/ed25519.ts";
import { seal, type SealingKeys } from "../../crypto/seal.ts";
import { newSecret } from "./sign.ts";

type Made = {
  readonly keys: SealingKeys;
  readonly webhookId: string;
  readonly now: Date;
  /** The request that asks for it; null when repetitions need not be recognised. */
  readonly request: KeyedRequest | null;
};

/** A new HMAC secret, active until it is replaced: the caller's, or a generated one. */
export async function makeHmacSecret(
  made: Made,
  own: string | undefined,
): Promise<{ readonly record: SigningSecret; readonly secret: string }> {
  const secret = own ?? newSecret();
  const record = await recordOf(made, "v1", secret, { public_key: null, kid: null });
  return { record, secret };
}

/** A new Ed25519 key pair, active until it is replaced. */
export async function makeKeyPair(made: Made): Promise<SigningSecret> {
  const { secret, publicKey, keyId } = await newEd25519KeyPair();
  return recordOf(made, "v1a", secret, { public_key: publicKey, kid: keyId });
}

async function recordOf(
  { keys, webhookId, now, request }: Made,
  scheme: SignatureScheme,
  secret: string,
  shown: Pick<SigningSecret, "public_key" | "kid">,
): Promise<SigningSecret> {
  return {
    scheme,
    sealed: await seal(secret, keys, webhookId),
    ...shown,
    created_at: now,
    expires_at: null,
    idempotency_key: request?.key ?? null,
    request_hash: request?.hash ?? null,
  };
}

/**
 * The secrets that sign at this time, newest first: those without an expiry or with a future one.
 */
export function inForce(secrets: readonly SigningSecret[], now: Date): readonly SigningSecret[] {
  return secrets.filter(({ expires_at: end }) => end === null || end > now);
}

/** The fields of an endpoint that an attempt needs to sign and send, sealed as stored. */
export function sealedPartsOf(webhook: EndpointRecord, now: Date) {
  return {
    sealed_secrets: inForce(webhook.secrets, now).map(({ sealed }) => sealed),
    sealed_headers: webhook.sealed_headers,
  };
}
