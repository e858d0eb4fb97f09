/**
 * A receiver of Waybill's webhooks on Express 5.
 *
 *   WAYBILL_WEBHOOK_SECRET=whsec_… PORT=9000 node express.ts
 *
 * The variable holds the endpoint's secret, or two with a space between while one takes over from
 * the other.
 */
import express from "express";
import { verifyWebhook, type VerifiedWebhook, WebhookVerificationError } from "waybill";

/** A payload has 20 KB at most. */
const MAX_BODY = "64kb";

export const app = express();

/** Ids that were handled. Yours belong in a database, with a unique index: this forgets. */
const seen = new Set<string>();

// express.raw and not express.json, nor above it: the signature covers each byte as it came.
app.post("/webhooks/waybill", express.raw({ type: "*/*", limit: MAX_BODY }), async (req, res) => {
  let event: VerifiedWebhook;
  try {
    event = await verifyWebhook({
      secret: (process.env["WAYBILL_WEBHOOK_SECRET"] ?? "").split(" "),
      headers: req.headers,
      body: Buffer.isBuffer(req.body) ? req.body : "",
    });
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    res.status(400).send(error.reason);
    return;
  }
  // The same event may come again: after a lost answer, or a retry that crossed with it.
  if (!seen.has(event.id)) {
    await handle(event);
    seen.add(event.id);
  }
  res.status(204).end();
});

/** What you do with an event: within 15 s, or put it in a queue of your own. */
async function handle(event: VerifiedWebhook): Promise<void> {
  console.log(event.type, event.data.task?.task_id, event.data.sequence);
}

if (import.meta.main) app.listen(Number(process.env["PORT"] ?? 9000));
