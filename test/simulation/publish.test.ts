import { afterAll, expect } from "vitest";
import type { Answer, Api } from "../support/api.ts";
import { log } from "../support/events.ts";
import { deliveriesTo } from "../support/webhooks.ts";
import { describeCutOffs, type Scenario } from "./support/cut-off.ts";
import type { Endpoint } from "./support/receiver.ts";
import { attempt, subscribe } from "./support/scenario-parts.ts";
import { type Simulation, startSimulation } from "./support/simulation.ts";

type Published = {
  readonly api: Api;
  readonly endpoint: Endpoint;
  readonly webhookId: string;
  /** What the client was answered; null when the connection broke. */
  answer: Answer | null;
};

const EVENT = { type: "orders.paid", data: { order_id: "o_1" } };

/** A client asks until it is answered, with one key. */
async function publish(prepared: Published): Promise<void> {
  if (prepared.answer?.status === 202) return;
  const key = { "Idempotency-Key": "pay-1" };
  prepared.answer = await attempt(prepared.api.post("/v1/events", EVENT, key));
}

/** P3 of an event that a deployer publishes: log, dispatch, delivery, and one event for one key. */
const scenario: Scenario<Published> = {
  name: "publishing an event",
  disturbed: "until settled",
  prepare: async (simulation: Simulation) => {
    const api = await simulation.world.inNamespace();
    await api.put("/v1/event-types/orders.paid", { schema: { type: "object" } }).expect(201);
    const endpoint = await subscribe(simulation, api, ["orders.*"]);
    const made = await api.post("/v1/webhooks/list", {}).expect(200);
    const webhookId = /whk_[0-9a-f]{32}/.exec(made.text)?.[0] ?? "";
    return { api, endpoint, webhookId, answer: null };
  },
  act: async (simulation, prepared) => {
    await publish(prepared);
    await simulation.world.stack.qstash.idle();
  },
  release: publish,
  insist: publish,
  isSettled: async (prepared) => {
    await publish(prepared);
    const deliveries = await deliveriesTo(prepared.api, prepared.webhookId).catch(() => []);
    return prepared.answer?.status === 202 && deliveries[0]?.status === "COMPLETED";
  },
  check: async ({ api, endpoint, webhookId, answer }) => {
    const { results } = await log(api);
    expect(results).toEqual([answer?.body]);
    expect(await deliveriesTo(api, webhookId)).toHaveLength(1);
    expect(endpoint.refused).toEqual([]);
    const ids = new Set(endpoint.received.map(({ id }) => id));
    expect(ids).toEqual(new Set(results.map(({ event_id }) => event_id)));
    expect(new Set(endpoint.received.map(({ body }) => body)).size).toBe(1);
  },
};

const simulation = await startSimulation();
afterAll(() => simulation.close());

await describeCutOffs(simulation, scenario);
