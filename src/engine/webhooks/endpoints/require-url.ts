import type { ReachableWebhook, WebhookRecord } from "../../../ports/webhook-store.ts";
import { DomainError } from "../../errors.ts";

/** The endpoint, if it is one that is sent to. Throws `webhook_has_no_url`. */
export function requireUrl(webhook: WebhookRecord): ReachableWebhook {
  if (webhook.url !== null) return { ...webhook, url: webhook.url };
  throw new DomainError(
    "webhook_has_no_url",
    "The endpoint has no URL: its consumer polls. PATCH a `url` first, or poll from an older cursor.",
  );
}
