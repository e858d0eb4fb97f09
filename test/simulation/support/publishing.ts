import { expect } from "vitest";
import type { Answer, Api } from "../../support/api.ts";
import { log } from "../../support/events.ts";
import { deliveriesTo } from "../../support/webhooks.ts";
import type { Scenario } from "./scenario.ts";
import type { Endpoint } from "./receiver.ts";
import { attempt, webhookIdOf } from "./scenario-parts.ts";
import type { Simulation } from "./simulation.ts";

/** A client who publishes an event, and the endpoints that it is for. */
export type Published = {
  readonly api: Api;
  readonly endpoints: readonly Endpoint[];
  /** What the client was answered; null when the connection broke. */
  answer: Answer | null;
};

/** A client asks until it is answered, with one key. */
async function publish(published: Published): Promise<void> {
  if (published.answer?.status === 202) return;
  const event = { type: "orders.paid", data: { order_id: "o_1" } };
  const key = { "Idempotency-Key": "pay-1" };
  published.answer = await attempt(published.api.post("/v1/events", event, key));
}

const deliveriesOf = (api: Api, endpoint: Endpoint) => deliveriesTo(api, webhookIdOf(endpoint));

/**
 * P3 of an event that a deployer publishes, to the endpoints that `subscribeAll` makes for
 * `orders.paid`: log, dispatch, deliveries, and one event for one key.
 */
export function publishing(
  name: string,
  subscribeAll: (simulation: Simulation, api: Api) => Promise<readonly Endpoint[]>,
): Scenario<Published> {
  return {
    name,
    disturbed: "until settled",
    prepare: async (simulation) => {
      const api = await simulation.inNamespace();
      await api.put("/v1/event-types/orders.paid", { schema: { type: "object" } }).expect(201);
      return { api, endpoints: await subscribeAll(simulation, api), answer: null };
    },
    act: async ({ qstash }, published) => {
      await publish(published);
      await qstash.idle();
    },
    release: publish,
    insist: publish,
    isSettled: async (published) => {
      await publish(published);
      const firsts = await Promise.all(
        published.endpoints.map(async (endpoint) => {
          const [first] = await deliveriesOf(published.api, endpoint).catch(() => []);
          return first?.status;
        }),
      );
      return published.answer?.status === 202 && firsts.every((status) => status === "COMPLETED");
    },
    check: async ({ api, endpoints, answer }) => {
      const { results } = await log(api);
      expect(results).toEqual([answer?.body]);
      for (const endpoint of endpoints) {
        expect(await deliveriesOf(api, endpoint)).toHaveLength(1);
        expect(endpoint.refused).toEqual([]);
        const ids = new Set(endpoint.received.map(({ id }) => id));
        expect(ids).toEqual(new Set(results.map(({ event_id }) => event_id)));
        expect(new Set(endpoint.received.map(({ body }) => body)).size).toBe(1);
      }
    },
  };
}
