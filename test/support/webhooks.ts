import { z } from "zod";
import { Delivery, DeliverySummary } from "../../src/contract/delivery.ts";
import { CreatedWebhook } from "../../src/contract/webhook.ts";
import type { Api } from "./api.ts";
import { makeBatch, sentence, submit, untilEnded } from "./fixtures.ts";
import type { SharedWorld } from "./shared-world.ts";

/** Makes an endpoint for the ends of tasks, or for what `request` says. */
export async function subscribe(
  api: Api,
  url: string,
  request: object = {},
): Promise<z.infer<typeof CreatedWebhook>> {
  const body = { url, event_types: ["task.completed"], ...request };
  return CreatedWebhook.parse((await api.post("/v1/webhooks", body).expect(201)).body);
}

/** Runs a small task to its end, and waits until what it caused at this moment is delivered. */
export async function completeTask(world: SharedWorld, api: Api): Promise<string> {
  const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
  await untilEnded(api, task_id);
  await world.stack.qstash.idle();
  return task_id;
}

const Page = z.object({ results: z.array(DeliverySummary) });

/** The deliveries to an endpoint with their attempts, the oldest first. */
export async function deliveriesTo(
  api: Api,
  webhookId: string,
  filter: object = {},
): Promise<Delivery[]> {
  const path = `/v1/webhooks/${webhookId}/deliveries/list`;
  const { body } = await api.post(path, { sort: "created_at", ...filter }).expect(200);
  return Promise.all(
    Page.parse(body).results.map(async ({ delivery_id }) =>
      Delivery.parse((await api.get(`/v1/deliveries/${delivery_id}`).expect(200)).body),
    ),
  );
}

/** The only delivery to an endpoint. */
export async function deliveryTo(api: Api, webhookId: string): Promise<Delivery> {
  const deliveries = await deliveriesTo(api, webhookId);
  const [first] = deliveries;
  if (first === undefined || deliveries.length > 1) {
    throw new Error(`${deliveries.length} deliveries to ${webhookId}`);
  }
  return first;
}
