import { afterAll, expect } from "vitest";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { buildWithSubscriber } from "../support/custom-bundle.ts";
import { describeCutOffs, type ModesOf, type Scenario } from "./support/cut-off.ts";
import { endUndispatched, makeCase, type Undispatched } from "./support/scenario-parts.ts";
import { startSimulation } from "./support/simulation.ts";
import { historyOf, isSettled } from "./support/task-state.ts";

const crm = new TestReceiver(() => Date.now());
await crm.start();
const bundle = await buildWithSubscriber(crm.url("/notes"));
const simulation = await startSimulation({ bundle: bundle.url });
afterAll(async () => {
  await simulation.close();
  await crm.close();
  await bundle.remove();
});

/** P3 for a subscriber in code: called at least once, under one id, and the log says so. */
const handling: Scenario<Undispatched> = {
  name: "an event on its way to a subscriber in code",
  disturbed: "until settled",
  prepare: async (where) => endUndispatched(where, await makeCase(where, 1)),
  act: async ({ world }, { release }) => {
    release();
    await world.stack.qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: async ({ api, taskId }) => {
    const { deliveries } = await historyOf(api, taskId);
    expect(deliveries).toMatchObject([{ subscriber: "crm", status: "COMPLETED" }]);
    const calls = crm.received.filter(({ body }) => body.includes(taskId));
    const ids = new Set(calls.map(({ headers }) => headers["idempotency-key"]));
    expect([...ids]).toEqual([deliveries[0]?.delivery_id]);
  },
};

const ownWrites: ModesOf = ({ kind }) =>
  /deliveries|webhooks\/deliver/.test(kind) ? ["cut", "lost", "killed"] : [];

await describeCutOffs(simulation, handling, ownWrites);
