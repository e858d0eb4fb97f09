import type { RotateSecretRequest, SignatureScheme } from "../../../contract/webhook.ts";
import type { SigningSecret, EndpointRecord } from "../../../ports/endpoint-store.ts";
import { unseal } from "../../../crypto/seal.ts";
import { inForce, makeHmacSecret, makeKeyPair } from "../secrets.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";
import { type KeyedRequest, requireSameRequest } from "../../keyed-request.ts";
import { changeSecrets } from "./change-secrets.ts";

/** The maximum per scheme: each adds a signature to every delivery's header. */
const MAX_SECRETS_IN_FORCE = 5;

type Input = RotateSecretRequest & {
  readonly webhookId: string;
  readonly keyed: KeyedRequest | null;
};

/** The updated endpoint; `secret` is null when only its key pair was rotated. */
export type RotatedSecret = { readonly webhook: EndpointRecord; readonly secret: string | null };

/**
 * Creates a new secret (and key pair) and sets an expiry for the replaced one; until then
 * deliveries carry both signatures. An earlier expiry stays: after two rotations the first secret
 * keeps its own overlap, and a rotation repeated because its response was lost revokes no secret in
 * use. With an `Idempotency-Key`, a repeated request creates nothing new and returns the same.
 *
 * Throws `not_found`, `idempotency_key_reused`, and `invalid_request` for more active secrets than
 * fit into a header, or for a caller's secret that was already replaced.
 */
export async function rotateSecret({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: Input;
}): Promise<RotatedSecret> {
  let shown: string | null = null;
  const webhook = await changeSecrets({
    ctx,
    input: {
      webhookId: input.webhookId,
      secretsOf: async (found) => {
        const valid = inForce(found.secrets, ctx.runtime.now());
        const repeated = await repeatedOf(ctx, found, valid, input);
        if (repeated !== null) {
          shown = repeated.secret;
          return null;
        }
        const made = await make(ctx, found, valid, input);
        shown = made.secret;
        return made.secrets;
      },
    },
  });
  return { webhook, secret: shown };
}

type Repeated = { readonly secret: string | null };

/** What the same request created before; null when it is new. */
async function repeatedOf(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  valid: readonly SigningSecret[],
  input: Input,
): Promise<Repeated | null> {
  const open = ({ sealed }: SigningSecret) => unseal(sealed, ctx.config.sealingKeys, webhook._id);
  const hmac = valid.filter(({ scheme }) => scheme === "v1");
  const { keyed } = input;
  const before = valid.filter(({ idempotency_key: key }) => keyed !== null && key === keyed.key);
  if (keyed !== null && before.length > 0) {
    for (const { request_hash: made } of before) {
      requireSameRequest({ id: "a secret", hash: made }, keyed);
    }
    const known = before.find(({ scheme }) => scheme === "v1");
    return { secret: known === undefined ? null : await open(known) };
  }
  if (input.secret === undefined) return null;
  // A secret that no key can open any more is replaced too.
  const opened = await Promise.all(hmac.map((one) => open(one).catch(() => null)));
  const at = opened.indexOf(input.secret);
  // The newest secret is the requested one, so this is a repeated request.
  if (at === 0) return { secret: input.secret };
  if (at > 0) throw invalid("secret", "this secret was replaced already; choose another");
  return null;
}

async function make(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  valid: readonly SigningSecret[],
  input: Input,
): Promise<{ readonly secrets: readonly SigningSecret[]; readonly secret: string | null }> {
  const now = ctx.runtime.now();
  const schemes = new Set(input.signatures ?? valid.map(({ scheme }) => scheme));
  const made = {
    keys: ctx.config.sealingKeys,
    webhookId: webhook._id,
    now,
    request: input.keyed,
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

/** A second rotation never extends an expiry set by the first. */
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
