import { EventPage, LoggedEvent, PolledEvents } from "../../src/contract/logged-event.ts";
import type { Api } from "./api.ts";
import type { World } from "./world.ts";

/** What `orders.paid` says. */
const SCHEMA = {
  type: "object",
  properties: {
    order_id: { type: "string" },
    lines: { type: "array", items: { type: "integer" } },
  },
  required: ["order_id"],
  additionalProperties: false,
};

/** A namespace in which `orders.paid` is registered. */
export async function shop(world: World): Promise<Api> {
  const api = await world.inNamespace();
  await api.put("/v1/event-types/orders.paid", { schema: SCHEMA }).expect(201);
  return api;
}

/** Publishes an `orders.paid`. */
export async function publish(api: Api, orderId: string, more: object = {}, headers = {}) {
  const body = { type: "orders.paid", data: { order_id: orderId }, ...more };
  return LoggedEvent.strict().parse((await api.post("/v1/events", body, headers).expect(202)).body);
}

/** A page of the log. */
export async function log(api: Api, filter: object = {}) {
  return EventPage.parse((await api.post("/v1/events/list", filter).expect(200)).body);
}

/** Polls an endpoint. */
export async function poll(api: Api, webhookId: string, query = "", headers = {}) {
  const path = `/v1/webhooks/${webhookId}/poll${query}`;
  return PolledEvents.strict().parse((await api.get(path, headers).expect(200)).body);
}

/** Which order an event is about. */
export const orderOf = (event: LoggedEvent) => event.data["order_id"];
