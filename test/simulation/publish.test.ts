import { afterAll, expect } from "vitest";
import { log } from "../support/events.ts";
import { deliveriesTo } from "../support/webhooks.ts";
import { describeCutOffs, type Scenario } from "./support/cut-off.ts";
import type { Endpoint } from "./support/receiver.ts";
import {
  makePublisher,
  publish,
  type Publisher,
  subscribe,
  webhookIdOf,
} from "./support/scenario-parts.ts";
import { type Simulation, startSimulation } from "./support/simulation.ts";

type Published = Publisher & { readonly endpoint: Endpoint; readonly webhookId: string };

/** P3 of an event that a deployer publishes: log, dispatch, delivery, and one event for one key. */
const scenario: Scenario<Published> = {
  name: "publishing an event",
  disturbed: "until settled",
  prepare: async (simulation: Simulation) => {
    const publisher = await makePublisher(simulation);
    const endpoint = await subscribe(simulation, publisher.api, ["orders.*"]);
    return { ...publisher, endpoint, webhookId: webhookIdOf(endpoint) };
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
