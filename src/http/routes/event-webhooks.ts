import type { RouteConfig } from "@asteasolutions/zod-to-openapi";
import { EVENT_CATALOGUE } from "../../contract/event.ts";
import { EVENT_EXAMPLES } from "../../contract/event-example.ts";
import { EVENT_PAYLOADS } from "../../contract/event-payload.ts";

/** The requests that endpoints receive, for the `webhooks` of the API's description. */
export function eventWebhooks(): { type: "webhook"; webhook: RouteConfig }[] {
  return EVENT_CATALOGUE.map(({ type, meaning }) => ({
    type: "webhook",
    webhook: {
      method: "post",
      path: type,
      operationId: type,
      tags: ["Events"],
      summary: meaning,
      description:
        "Signed as Standard Webhooks specifies: `webhook-id`, `webhook-timestamp`, `webhook-signature`.",
      request: {
        body: {
          content: {
            "application/json": { schema: EVENT_PAYLOADS[type], example: EVENT_EXAMPLES[type] },
          },
          required: true,
        },
      },
      responses: {
        "2XX": { description: "Received. After any other response the event is sent again." },
      },
    },
  }));
}
