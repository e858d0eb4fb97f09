import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { WebhookId } from "../../contract/ids.ts";
import { JsonWebKeySet } from "../../contract/webhook.ts";
import { JWKS_PATH } from "../../engine/webhooks/endpoints/present-endpoint.ts";
import { publicKeys } from "../../engine/webhooks/endpoints/read-endpoints.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json } from "../router.ts";

/**
 * How long a receiver may cache the keys. Far less than a rotation's overlap, so nobody verifies
 * with a set that lacks the only active key.
 */
const MAX_AGE_SECONDS = 300;

/** `/.well-known/jwks.json`: public keys, without authentication. */
export const jwks = createRouter().openapi(
  createRoute({
    method: "get",
    path: JWKS_PATH,
    tags: ["Webhooks"],
    operationId: "getPublicKeys",
    summary: "Get the public keys of an endpoint",
    description:
      "The Ed25519 keys that verify the `v1a` signatures of its deliveries, as a JSON Web Key Set; " +
      "more than one while a key is being rotated. Needs no API key. Without `webhook_id`: the " +
      "deployment's own keys, of which there are none yet.",
    request: { query: z.strictObject({ webhook_id: WebhookId.optional() }) },
    responses: {
      200: json(JsonWebKeySet, "The active keys, newest first"),
      ...problems("invalid_request", "not_found", "store_unavailable", "internal_error"),
    },
  }),
  async (c) => {
    const input = { webhookId: c.req.valid("query").webhook_id };
    return c.json(await publicKeys({ ctx: c.var.services, input }), 200, {
      "Cache-Control": `public, max-age=${MAX_AGE_SECONDS}`,
    });
  },
);
