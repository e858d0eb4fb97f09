import type { WebhookRecord } from "../../../ports/webhook-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { updateWebhook } from "./update-webhook.ts";

/** Takes an endpoint out of service until its owner resumes it; what comes meanwhile is held. Throws `not_found`. */
export function pauseWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<WebhookRecord> {
  return updateWebhook({ ctx, input: { ...input, status: "SUSPENDED" } });
}

/** Puts an endpoint into service again, whoever suspended it, with a clean record. Throws `not_found`. */
export function resumeWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<WebhookRecord> {
  return updateWebhook({ ctx, input: { ...input, status: "ACTIVE" } });
}
