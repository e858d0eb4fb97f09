import type {
  SigningSecret,
  EndpointPatch,
  EndpointRecord,
} from "../../../ports/endpoint-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { getEndpoint } from "./read-endpoints.ts";

/** How many times a change that lost a race tries again. */
const MAX_TRIES = 5;

/**
 * Changes an endpoint's secrets, and the fields of `patch`, in one conditional write, so
 * simultaneous changes don't overwrite each other. `secretsOf` returns the new list for the current
 * endpoint, or null to change nothing. A nonce identifies a write whose response was lost. Throws
 * `not_found`, and what `secretsOf` throws.
 */
export async function changeSecrets({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly webhookId: string;
    readonly secretsOf: (webhook: EndpointRecord) => Promise<readonly SigningSecret[] | null>;
    readonly patch?: EndpointPatch;
  };
}): Promise<EndpointRecord> {
  const { webhooks } = ctx.stores;
  const writeId = ctx.runtime.newId("webhook");
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const webhook = await getEndpoint({ ctx, input });
    if (webhook.secrets_write_id === writeId) return webhook;
    const secrets = await input.secretsOf(webhook);
    const patch: EndpointPatch = {
      ...input.patch,
      ...(secrets !== null && { secrets, secrets_write_id: writeId }),
    };
    if (Object.keys(patch).length === 0) return webhook;
    const changed = await webhooks.update(
      ctx.namespace._id,
      webhook._id,
      { updated_at: ctx.runtime.now(), ...patch },
      webhook.secrets_write_id,
    );
    if (changed !== null) return changed;
  }
  throw new Error(`a change of the secrets of ${input.webhookId} lost ${MAX_TRIES} races`);
}
