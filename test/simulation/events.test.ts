import { afterAll } from "vitest";
import { submit } from "../support/fixtures.ts";
import { describeCutOffs, type Scenario } from "./support/cut-off.ts";
import { expectEnded, expectReceived } from "./support/invariants.ts";
import type { Endpoint } from "./support/receiver.ts";
import {
  type Case,
  holdBack,
  makeCase,
  type QueueFunction,
  subscribe,
} from "./support/scenario-parts.ts";
import { type Simulation, startSimulation } from "./support/simulation.ts";
import { isSettled } from "./support/task-state.ts";

type Subscribed = Case & {
  readonly taskId: string;
  readonly endpoint: Endpoint;
  readonly release: () => void;
};

/** A killed task, while the queue keeps one kind of message back. */
async function killTask(
  simulation: Simulation,
  heldBack: QueueFunction,
  eventTypes: readonly string[],
): Promise<Subscribed> {
  const made = await makeCase(simulation, 1);
  const endpoint = await subscribe(simulation, made.api, eventTypes);
  const release = holdBack(simulation, heldBack, "job");
  const { task_id } = await submit(made.api, made.batch);
  await made.api.post(`/v1/tasks/${task_id}/kill`).expect(202);
  await simulation.world.stack.qstash.idle();
  return { ...made, taskId: task_id, endpoint, release };
}

const CANCELED = { status: "CANCELED", documents: "as told" } as const;

const common = {
  disturbed: "until settled",
  act: async (simulation: Simulation, { release }: Subscribed) => {
    release();
    await simulation.world.stack.qstash.idle();
  },
  isSettled: ({ api, taskId }: Subscribed) => isSettled(api, taskId),
} as const;

/** P3 from the outbox on: log, deliveries, messages, and each of two events at its endpoint. */
const dispatch: Scenario<Subscribed> = {
  ...common,
  name: "dispatch of a task's events",
  prepare: (simulation) => killTask(simulation, "dispatch", ["*"]),
  check: async ({ api, batch, taskId, endpoint }) => {
    await expectReceived(api, taskId, endpoint);
    await expectEnded(api, batch, CANCELED);
  },
};

/**
 * P3 of an endpoint that is down at first: each attempt is recorded, and the next one comes. One
 * event only: of two, either may be the one that finds the endpoint well again.
 */
const delivery: Scenario<Subscribed> = {
  ...common,
  name: "delivery to an endpoint that is down at first",
  prepare: (simulation) => killTask(simulation, "delivery", ["task.canceled"]),
  act: async (simulation, prepared) => {
    prepared.endpoint.answerWith(500);
    await common.act(simulation, prepared);
    await simulation.whenUp();
    prepared.endpoint.answerWith(204);
  },
  check: async ({ api, batch, taskId, endpoint }) => {
    await expectReceived(api, taskId, endpoint, (type) => type === "task.canceled");
    await expectEnded(api, batch, CANCELED);
  },
};

const simulation = await startSimulation();
afterAll(() => simulation.close());

await describeCutOffs(simulation, dispatch);
await describeCutOffs(simulation, delivery);
