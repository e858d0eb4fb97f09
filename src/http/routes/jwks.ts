import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { WebhookId } from "../../contract/ids.ts";
import { JsonWebKeySet } from "../../contract/webhook.ts";
import { JWKS_PATH } from "../../engine/webhooks/endpoints/present-endpoint.ts";
import { publicKeys } from "../../engine/webhooks/endpoints/read-endpoints.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json } from "../router.ts";

/**
 * How long a receiver may go on with the keys that it has. Far less than a rotation's overlap, so
 * that nobody verifies with a set that lacks the only key in force.
 */
const MAX_AGE_SECONDS = 300;

/** `/.well-known/jwks.json`: public keys, for everybody. */
export const jwks = createRouter().openapi(
  createRoute({
    method: "get",
    path: JWKS_PATH,
    tags: ["Webhooks"],
    operationId: "getPublicKeys",
    summary: "Get the public keys of an endpoint",
    description:
      "The Ed25519 keys that `v1a` signatures of its deliveries verify with, as a JSON Web Key Set; " +
      "while a key is rotated more than one. Without a key of the API. Without `webhook_id`: the " +
      "deployment's own keys, of which there are none yet.",
    request: { query: z.strictObject({ webhook_id: WebhookId.optional() }) },
    responses: {
      200: json(JsonWebKeySet, "The keys in force, newest first"),
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
