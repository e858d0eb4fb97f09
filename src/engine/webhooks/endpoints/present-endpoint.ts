import { HEADER_MASK, type Webhook } from "../../../contract/webhook.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import { inForce } from "../secrets.ts";
import type { ServiceContext } from "../../context.ts";

/** Where an endpoint's public keys are, under the deployment's address. */
export const JWKS_PATH = "/.well-known/jwks.json";

/** An endpoint as callers see it: without secret values, and listing only active secrets. */
export function presentEndpoint(ctx: ServiceContext, webhook: EndpointRecord): Webhook {
  const secrets = inForce(webhook.secrets, ctx.runtime.now());
  return {
    webhook_id: webhook._id,
    namespace_id: webhook.namespace_id,
    url: webhook.url,
    event_types: [...webhook.event_types],
    task_types: [...webhook.task_types],
    tags: [...webhook.tags],
    headers: Object.fromEntries(webhook.header_names.map((name) => [name, HEADER_MASK])),
    signatures: secrets.some(({ scheme }) => scheme === "v1a") ? ["v1", "v1a"] : ["v1"],
    secrets: secrets.map((secret) => ({
      scheme: secret.scheme,
      public_key: secret.public_key,
      kid: secret.kid,
      created_at: secret.created_at.toISOString(),
      expires_at: secret.expires_at?.toISOString() ?? null,
    })),
    jwks_url: `${ctx.config.publicUrl}${JWKS_PATH}?webhook_id=${webhook._id}`,
    description: webhook.description,
    metadata: webhook.metadata,
    status: webhook.status,
    status_reason: webhook.status_reason,
    suspended_by: webhook.suspended_by,
    failing_since: webhook.failing_since?.toISOString() ?? null,
    circuit: {
      state: webhook.circuit.state,
      open_until: webhook.circuit.open_until?.toISOString() ?? null,
      consecutive_failures: webhook.circuit.consecutive_failures,
    },
    rate_limit: webhook.rate_limit,
    max_concurrency: webhook.max_concurrency,
    ordering: webhook.ordering,
    created_at: webhook.created_at.toISOString(),
    updated_at: webhook.updated_at.toISOString(),
  };
}
