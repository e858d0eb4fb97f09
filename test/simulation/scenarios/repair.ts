import { expect } from "vitest";
import type { Answer, Api } from "../../support/api.ts";
import { makeBatch, sentence, submit } from "../../support/fixtures.ts";
import { deliveriesTo } from "../../support/webhooks.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectReceived } from "../support/invariants.ts";
import type { Endpoint } from "../support/receiver.ts";
import {
  attempt,
  type Case,
  holdBack,
  makeCase,
  subscribe,
  webhookIdOf,
} from "../support/scenario-parts.ts";
import { passTimeUntil, type Simulation } from "../support/simulation.ts";
import { isSettled } from "../support/task-state.ts";

const EVENTS = ["task.created", "task.canceled"] as const;

type Repair = {
  readonly api: Api;
  readonly taskId: string;
  readonly webhookId: string;
  readonly endpoint: Endpoint;
  /** What the owner asks for; again with the same key until it is answered. */
  readonly ask: () => Promise<Answer | null>;
  answer: Answer | null;
};

/** When the endpoint was made, and what it answers until it is mended. */
type EndpointThen =
  | { readonly made: "before"; readonly answers: number }
  | { readonly made: "after" }
  /** It had answered 410 before, and was suspended by failure. */
  | { readonly made: "suspended" };

/** A task that is killed before it runs, which is two events; until they are dispatched. */
async function killOne(simulation: Simulation, { api, batch }: Case): Promise<string> {
  const release = holdBack(simulation, "job");
  const { task_id: taskId } = await submit(api, batch);
  await api.post(`/v1/tasks/${taskId}/kill`).expect(202);
  release();
  await passTimeUntil(simulation, () => isSettled(api, taskId));
  return taskId;
}

async function earlyEndpoint(
  simulation: Simulation,
  one: Case,
  then: EndpointThen,
): Promise<Endpoint | null> {
  if (then.made === "after") return null;
  const endpoint = await subscribe(simulation, one.api, EVENTS);
  endpoint.answerWith(then.made === "before" ? then.answers : 410);
  if (then.made === "suspended") {
    await killOne(simulation, { api: one.api, batch: await makeBatch(one.api, [sentence(1)]) });
  }
  return endpoint;
}

/** What a killed task's two events came to at an endpoint, and the owner who is to repair it. */
async function makeRepair(
  simulation: Simulation,
  then: EndpointThen,
  path: (webhookId: string, deliveryId: string) => string,
  body?: (webhookId: string) => object,
): Promise<Repair> {
  const one = await makeCase(simulation, 1);
  const { api } = one;
  const early = await earlyEndpoint(simulation, one, then);
  const taskId = await killOne(simulation, one);
  const endpoint = early ?? (await subscribe(simulation, api, EVENTS));
  const webhookId = webhookIdOf(endpoint);
  endpoint.answerWith(204);
  await api.patch(`/v1/webhooks/${webhookId}`, { status: "ACTIVE" }).expect(200);
  const [first] = await deliveriesTo(api, webhookId, { event_type: "task.canceled" });
  const address = path(webhookId, first?.delivery_id ?? "none");
  const key = { "Idempotency-Key": `repair-${taskId}` };
  const ask = () => attempt(api.post(address, body?.(webhookId), key));
  return { api, taskId, webhookId, endpoint, ask, answer: null };
}

const isAnswered = ({ answer }: Repair) => answer?.status === 200 || answer?.status === 202;

const common = {
  disturbed: "until settled",
  act: async (simulation: Simulation, prepared: Repair) => {
    prepared.answer = await prepared.ask();
    await simulation.qstash.idle();
    await simulation.whenUp();
  },
  isSettled: ({ api, taskId }: Repair) => isSettled(api, taskId),
  insist: async (prepared: Repair) => {
    if (isAnswered(prepared)) return;
    if (prepared.answer !== null) expect(prepared.answer.status).toBe(503);
    prepared.answer = await prepared.ask();
    expect(isAnswered(prepared), prepared.answer?.text).toBe(true);
  },
} as const;

/**
 * Each event arrived, and the log has each attempt that counts, in order: as many as were asked for
 * and none more, however often the owner had to ask.
 */
async function expectRepaired(
  { api, taskId, webhookId, endpoint }: Repair,
  attempts: Readonly<Record<(typeof EVENTS)[number], number>>,
): Promise<void> {
  await expectReceived(api, taskId, endpoint);
  const deliveries = await deliveriesTo(api, webhookId, { task_id: taskId });
  expect(deliveries.map(({ event_type }) => event_type).toSorted()).toEqual(EVENTS.toSorted());
  for (const delivery of deliveries) {
    const expected =
      delivery.event_type === "task.created" ? attempts["task.created"] : attempts["task.canceled"];
    expect(delivery).toMatchObject({ status: "COMPLETED", attempt_count: expected });
    const logged = new Set(delivery.attempts.map((one) => one.attempt));
    expect([...logged]).toEqual(Array.from({ length: expected }, (_, index) => index + 1));
    const received = endpoint.received.filter(({ id }) => id === delivery.event_id);
    expect(received.length).toBeGreaterThanOrEqual(delivery.attempts.length);
  }
}

/** P3 of a resend: what had arrived arrives once more. */
export const resend: Scenario<Repair> = {
  ...common,
  name: "resend of a delivery that had arrived",
  prepare: (simulation) =>
    makeRepair(
      simulation,
      { made: "before", answers: 204 },
      (_, deliveryId) => `/v1/deliveries/${deliveryId}/resend`,
    ),
  check: (repair) => expectRepaired(repair, { "task.created": 1, "task.canceled": 2 }),
};

/** P3 of dead letters: an endpoint that is mended gets them all. */
export const retry: Scenario<Repair> = {
  ...common,
  name: "retry of all dead letters of an endpoint",
  prepare: (simulation) =>
    makeRepair(
      simulation,
      { made: "before", answers: 410 },
      () => "/v1/deliveries/retry",
      (webhook_id) => ({ webhook_id }),
    ),
  check: (repair) => expectRepaired(repair, { "task.created": 2, "task.canceled": 2 }),
};

/** P3 beyond what was subscribed to at the time: an endpoint that was made too late gets it all. */
export const replay: Scenario<Repair> = {
  ...common,
  name: "replay of what was missed",
  prepare: (simulation) =>
    makeRepair(
      simulation,
      { made: "after" },
      (webhookId) => `/v1/webhooks/${webhookId}/replay`,
      () => ({ from: "2026-01-01T00:00:00.000Z", which: "all" }),
    ),
  check: (repair) => expectRepaired(repair, { "task.created": 1, "task.canceled": 1 }),
};

/** P3 of a suspension by failure: what happened meanwhile has no delivery, until it is replayed. */
export const replaySuspended: Scenario<Repair> = {
  ...common,
  name: "replay of what happened while the endpoint was suspended by failure",
  prepare: async (simulation) => {
    const repair = await makeRepair(
      simulation,
      { made: "suspended" },
      (webhookId) => `/v1/webhooks/${webhookId}/replay`,
      () => ({ from: "2026-01-01T00:00:00.000Z", which: "missing" }),
    );
    const { api, taskId, webhookId } = repair;
    expect(await deliveriesTo(api, webhookId, { task_id: taskId })).toEqual([]);
    return repair;
  },
  check: (repair) => expectRepaired(repair, { "task.created": 1, "task.canceled": 1 }),
};
