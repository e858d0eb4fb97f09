/**
 * A receiver of Waybill's webhooks as a Next.js route handler (App Router): `app/api/waybill/route.ts`,
 * reached at `/api/waybill`. It needs nothing of Next.js itself.
 *
 * WAYBILL_WEBHOOK_SECRET holds the endpoint's secret, or two with a space between while one takes
 * over from the other. Leave the route out of middleware that asks for a login.
 */
import { verifyWebhook, type VerifiedWebhook, WebhookVerificationError } from "waybill";

/** Never answered from a cache. */
export const dynamic = "force-dynamic";

/** Ids that were handled. Yours belong in a database, with a unique index: this forgets. */
const seen = new Set<string>();

export async function POST(request: Request): Promise<Response> {
  let event: VerifiedWebhook;
  try {
    event = await verifyWebhook({
      secret: (process.env["WAYBILL_WEBHOOK_SECRET"] ?? "").split(" "),
      headers: request.headers,
      // The bytes, not request.json(): the signature covers each of them.
      body: await request.arrayBuffer(),
    });
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return new Response(error.reason, { status: 400 });
  }
  // The same event may come again: after a lost answer, or a retry that crossed with it.
  if (!seen.has(event.id)) {
    await handle(event);
    seen.add(event.id);
  }
  return new Response(null, { status: 204 });
}

/** What you do with an event: within 15 s, or put it in a queue of your own. */
async function handle(event: VerifiedWebhook): Promise<void> {
  console.log(event.type, event.data.task?.task_id, event.data.sequence);
}
