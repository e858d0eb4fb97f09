/**
 * A receiver of Waybill's webhooks on Hono: Workers, Deno, Bun, or Node with @hono/node-server.
 *
 * WAYBILL_WEBHOOK_SECRET holds the endpoint's secret, or two with a space between while one takes
 * over from the other (`npx wrangler secret put WAYBILL_WEBHOOK_SECRET`).
 */
import { Hono } from "hono";
import { verifyWebhook, type VerifiedWebhook, WebhookVerificationError } from "waybill";

const app = new Hono<{ Bindings: { WAYBILL_WEBHOOK_SECRET: string } }>();

/** Ids that were handled. Yours belong in a database, with a unique index: this forgets. */
const seen = new Set<string>();

app.post("/webhooks/waybill", async (c) => {
  let event: VerifiedWebhook;
  try {
    event = await verifyWebhook({
      secret: c.env.WAYBILL_WEBHOOK_SECRET.split(" "),
      headers: c.req.raw.headers,
      // Before any middleware parses it: the signature covers each byte.
      body: await c.req.arrayBuffer(),
    });
  } catch (error) {
    if (error instanceof WebhookVerificationError) return c.text(error.reason, 400);
    throw error;
  }
  // The same event may come again: after a lost answer, or a retry that crossed with it.
  if (!seen.has(event.id)) {
    await handle(event);
    seen.add(event.id);
  }
  return c.body(null, 204);
});

/** What you do with an event: within 15 s, or put it in a queue of your own. */
async function handle(event: VerifiedWebhook): Promise<void> {
  console.log(event.type, event.data.task?.task_id, event.data.sequence);
}

export default app;
