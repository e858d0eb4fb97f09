import type { JsonWebKeySet } from "../../../contract/webhook.ts";
import { jwkOf } from "../../../crypto/ed25519.ts";
import { inForce } from "../secrets.ts";
import type { ServiceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";

/**
 * The public keys that an endpoint's deliveries may be verified with, newest first, in whatever
 * namespace it is: who knows its id (which can't be guessed) is its receiver or its owner. Without
 * an endpoint: the deployment's own keys, of which there are none. Throws `not_found`.
 */
export async function publicKeys({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly webhookId: string | undefined };
}): Promise<JsonWebKeySet> {
  const { webhookId } = input;
  if (webhookId === undefined) return { keys: [] };
  const webhook = await ctx.stores.webhooks.get(webhookId);
  if (webhook === null) throw new DomainError("not_found", `There is no webhook "${webhookId}".`);
  return {
    keys: inForce(webhook.secrets, ctx.runtime.now()).flatMap(({ public_key: key, kid }) =>
      key === null || kid === null ? [] : [jwkOf(key, kid)],
    ),
  };
}
