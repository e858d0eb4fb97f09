import { afterAll, expect } from "vitest";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { buildWithSubscriber } from "../support/custom-bundle.ts";
import { submit, untilEnded } from "../support/fixtures.ts";
import { describeCutOffs, type ModesOf, type Scenario } from "./support/cut-off.ts";
import { type Case, holdBack, makeCase } from "./support/scenario-parts.ts";
import { type Simulation, startSimulation } from "./support/simulation.ts";
import { historyOf, isSettled } from "./support/task-state.ts";

type Ended = Case & { readonly taskId: string; readonly release: () => void };

const crm = new TestReceiver(() => Date.now());
await crm.start();
const bundle = await buildWithSubscriber(crm.url("/notes"));
const simulation = await startSimulation({ bundle: bundle.url });
afterAll(async () => {
  await simulation.close();
  await crm.close();
  await bundle.remove();
});

async function prepare(where: Simulation): Promise<Ended> {
  const made = await makeCase(where, 1);
  const release = holdBack(where, "dispatch");
  const { task_id } = await submit(made.api, made.batch);
  await untilEnded(made.api, task_id);
  await where.world.stack.qstash.idle();
  return { ...made, taskId: task_id, release };
}

/** P3 for a subscriber in code: called at least once, under one id, and the log says so. */
const handling: Scenario<Ended> = {
  name: "an event on its way to a subscriber in code",
  disturbed: "until settled",
  prepare,
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
