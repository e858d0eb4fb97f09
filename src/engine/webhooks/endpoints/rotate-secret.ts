import type { RotateSecretRequest, SignatureScheme } from "../../../contract/webhook.ts";
import type { SigningSecret, EndpointRecord } from "../../../ports/endpoint-store.ts";
import { unseal } from "../../../crypto/seal.ts";
import { inForce, makeHmacSecret, makeKeyPair } from "../secrets.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { changeSecrets } from "./change-secrets.ts";

/** Of one scheme: each is a signature in every delivery's header. */
const MAX_SECRETS_IN_FORCE = 5;

type Input = RotateSecretRequest & {
  readonly webhookId: string;
  readonly idempotencyKey: string | null;
};

/** The endpoint as it is now; `secret` is null when only its key pair was rotated. */
export type RotatedSecret = { readonly webhook: EndpointRecord; readonly secret: string | null };

/**
 * Makes a new secret (and key pair) and gives what it replaces an end, until when deliveries bear
 * the signatures of both. An earlier end stays: rotated twice, the first secret has its own overlap
 * still, and a rotation that was sent again since its answer was lost costs nobody a secret that
 * is in use. With an `Idempotency-Key` the same request makes nothing new and is answered the same.
 *
 * Throws `not_found`, `idempotency_key_reused`, and `invalid_request` for more secrets in force
 * than fit into a header, or for a caller's own secret that was replaced before.
 */
export async function rotateSecret({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: Input;
}): Promise<RotatedSecret> {
  const hash = await requestHashOf(input);
  let shown: string | null = null;
  const webhook = await changeSecrets({
    ctx,
    input: {
      webhookId: input.webhookId,
      secretsOf: async (found) => {
        const valid = inForce(found.secrets, ctx.runtime.now());
        const repeated = await repeatedOf(ctx, found, valid, input, hash);
        if (repeated !== null) {
          shown = repeated.secret;
          return null;
        }
        const made = await make(ctx, found, valid, input, hash);
        shown = made.secret;
        return made.secrets;
      },
    },
  });
  return { webhook, secret: shown };
}

type Repeated = { readonly secret: string | null };

/** What the same request made before; null when it is new. */
async function repeatedOf(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  valid: readonly SigningSecret[],
  input: Input,
  hash: string,
): Promise<Repeated | null> {
  const open = ({ sealed }: SigningSecret) => unseal(sealed, ctx.config.sealingKeys, webhook._id);
  const hmac = valid.filter(({ scheme }) => scheme === "v1");
  const before = valid.filter(
    ({ idempotency_key: key }) => key !== null && key === input.idempotencyKey,
  );
  if (before.length > 0) {
    const known = before.find(({ scheme }) => scheme === "v1");
    const secret = known === undefined ? null : await open(known);
    const isSame = before.every(({ request_hash }) => request_hash === hash);
    const isSameSecret = input.secret === undefined || input.secret === secret;
    if (isSame && isSameSecret) return { secret };
    throw new DomainError(
      "idempotency_key_reused",
      "This Idempotency-Key made a secret, from another request. Use a new key for a new request.",
      [{ path: "Idempotency-Key", message: "used for another request" }],
    );
  }
  if (input.secret === undefined) return null;
  // One that no key opens any more is replaced all the same.
  const opened = await Promise.all(hmac.map((one) => open(one).catch(() => null)));
  const at = opened.indexOf(input.secret);
  // The newest is what the caller asks for: a request that is sent again.
  if (at === 0) return { secret: input.secret };
  if (at > 0) throw invalid("secret", "this secret was replaced already; choose another");
  return null;
}

async function make(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  valid: readonly SigningSecret[],
  input: Input,
  hash: string,
): Promise<{ readonly secrets: readonly SigningSecret[]; readonly secret: string | null }> {
  const now = ctx.runtime.now();
  const schemes = new Set(input.signatures ?? valid.map(({ scheme }) => scheme));
  const key = input.idempotencyKey;
  const made = {
    keys: ctx.config.sealingKeys,
    webhookId: webhook._id,
    now,
    request: key === null ? null : { idempotencyKey: key, hash },
  };
  const hmac = schemes.has("v1") ? await makeHmacSecret(made, input.secret) : null;
  const keyPair = schemes.has("v1a") ? await makeKeyPair(made) : null;
  const end = new Date(now.getTime() + input.overlap_seconds * 1000);
  const before = valid.map((one) => (schemes.has(one.scheme) ? endingBy(one, end) : one));
  const secrets = inForce(
    [...(hmac === null ? [] : [hmac.record]), ...(keyPair === null ? [] : [keyPair]), ...before],
    now,
  );
  for (const scheme of schemes) requireRoom(secrets, scheme);
  return { secrets, secret: hmac?.secret ?? null };
}

/** A second rotation never lengthens what the first one ended. */
function endingBy(secret: SigningSecret, end: Date): SigningSecret {
  const { expires_at: own } = secret;
  return { ...secret, expires_at: own === null || own > end ? end : own };
}

function requireRoom(secrets: readonly SigningSecret[], scheme: SignatureScheme): void {
  if (secrets.filter((one) => one.scheme === scheme).length <= MAX_SECRETS_IN_FORCE) return;
  throw invalid(
    "overlap_seconds",
    `at most ${MAX_SECRETS_IN_FORCE} secrets of a scheme are in force at once; wait until one has ended, or send 0 to end all but the new one`,
  );
}

function invalid(path: string, message: string): DomainError {
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}

/** What tells two requests with one key apart; a secret is compared with what it made instead. */
function requestHashOf({ signatures, secret, overlap_seconds }: Input): Promise<string> {
  return sha256(JSON.stringify([signatures ?? null, secret !== undefined, overlap_seconds]));
}
