import { submit } from "../../support/fixtures.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectEnded, expectInOrder, expectReceived } from "../support/invariants.ts";
import type { Endpoint } from "../support/receiver.ts";
import {
  type Case,
  attempt,
  FUNCTIONS,
  holdBack,
  makeCase,
  type QueueFunction,
  subscribe,
} from "../support/scenario-parts.ts";
import type { Simulation } from "../support/simulation.ts";
import { isSettled } from "../support/task-state.ts";

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
  request: object = {},
): Promise<Subscribed> {
  const made = await makeCase(simulation, 1);
  const endpoint = await subscribe(simulation, made.api, eventTypes, request);
  const release = holdBack(simulation, heldBack, "job");
  const { task_id } = await submit(made.api, made.batch);
  await made.api.post(`/v1/tasks/${task_id}/kill`).expect(202);
  await simulation.qstash.idle();
  return { ...made, taskId: task_id, endpoint, release };
}

const CANCELED = { status: "CANCELED", documents: "as told" } as const;

const common = {
  disturbed: "until settled",
  act: async (simulation: Simulation, { release }: Subscribed) => {
    release();
    await simulation.qstash.idle();
  },
  isSettled: ({ api, taskId }: Subscribed) => isSettled(api, taskId),
} as const;

/** P3 from the outbox on: log, deliveries, messages, and each of two events at its endpoint. */
export const dispatch: Scenario<Subscribed> = {
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
export const delivery: Scenario<Subscribed> = {
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

/** The same two events to an endpoint that wants order: whoever dies, the second waits for the first. */
export const order: Scenario<Subscribed> = {
  ...dispatch,
  name: "deliveries in order",
  prepare: (simulation) => killTask(simulation, "dispatch", ["*"], { ordering: "task" }),
  act: async (simulation, prepared) => {
    // The queue brings the second first, so that it is held, and woken by the first.
    let isFirst = true;
    simulation.qstash.misbehaviours.add({
      kind: "reorder",
      after: 1,
      match: ({ target }) => {
        if (!isFirst || !target.endsWith(FUNCTIONS.delivery)) return false;
        isFirst = false;
        return true;
      },
    });
    await common.act(simulation, prepared);
  },
  check: async (prepared) => {
    await dispatch.check(prepared);
    expectInOrder(prepared.taskId, prepared.endpoint);
  },
};

/** What was held while its owner paused an endpoint: each event arrives once it is resumed. */
export const resume: Scenario<Subscribed> = {
  ...common,
  name: "resumption of a paused endpoint",
  prepare: async (simulation) => {
    const prepared = await killTask(simulation, "dispatch", ["*"]);
    await prepared.api.patch(prepared.endpoint.path(), { status: "SUSPENDED" }).expect(200);
    await common.act(simulation, prepared);
    return prepared;
  },
  act: async (simulation, { api, endpoint }) => {
    await attempt(api.patch(endpoint.path(), { status: "ACTIVE" }));
    await simulation.qstash.idle();
    await simulation.whenUp();
  },
  // Who got no answer asks again.
  release: async ({ api, endpoint }) => {
    const { body } = await api.get(endpoint.path()).expect(200);
    if (body["status"] !== "ACTIVE") await api.patch(endpoint.path(), { status: "ACTIVE" });
  },
  check: dispatch.check,
};

/** Three attempts at each of two events, before the fourth. */
const BEFORE_FOURTH_MS = 600_000;
const FOURTH_AND_FIFTH_MS = 11_400_000;

/**
 * The tenth failure opens the circuit; a probe closes it, and what was held arrives. One attempt at a
 * time: of two at once, which note what they found, either may have a write more to do.
 */
export const circuit: Scenario<Subscribed> = {
  ...common,
  name: "opening and closing of a circuit",
  prepare: async (simulation) => {
    const prepared = await killTask(simulation, "delivery", ["*"], { max_concurrency: 1 });
    prepared.endpoint.answerWith(500);
    await common.act(simulation, prepared);
    await simulation.clock.advanceBy(BEFORE_FOURTH_MS);
    return prepared;
  },
  act: async (simulation, { endpoint }) => {
    await simulation.clock.advanceBy(FOURTH_AND_FIFTH_MS);
    await simulation.whenUp();
    endpoint.answerWith(204);
  },
  check: dispatch.check,
};
