import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Delivery } from "../../src/contract/delivery.ts";
import { TaskHistory } from "../../src/contract/task.ts";
import { drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { buildWithSubscriber, type CustomBundle } from "../support/custom-bundle.ts";
import { completeTask } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

// On a busy machine an attempt may take long; time must not go on without it.
const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let bundle: CustomBundle;
let world: World;
const crm = new TestReceiver(() => clock.now());

beforeAll(async () => {
  await crm.start();
  bundle = await buildWithSubscriber(crm.url("/notes"));
  world = await startWorld({ clock, bundle: bundle.url });
}, 120_000);
afterAll(async () => {
  await world.close();
  await crm.close();
  await bundle.remove();
});
beforeEach(() => {
  crm.received.length = 0;
  crm.always(200);
});

/** The only delivery of a task's events, with its attempts. */
async function deliveryOf(api: Api, taskId: string): Promise<Delivery> {
  const history = await api.get(`/v1/tasks/${taskId}/history`).expect(200);
  const { deliveries } = TaskHistory.parse(history.body);
  expect(deliveries).toHaveLength(1);
  const path = `/v1/deliveries/${deliveries[0]?.delivery_id}`;
  return Delivery.parse((await api.get(path).expect(200)).body);
}

it("a subscriber in a deployer's build hears of events in namespaces without endpoints", async () => {
  const api = await world.inNamespace();
  const taskId = await completeTask(world, api);
  const [call] = crm.received;
  expect(JSON.parse(String(call?.body))).toEqual({ type: "task.completed", about: taskId });
  expect(await deliveryOf(api, taskId)).toMatchObject({
    webhook_id: null,
    subscriber: "crm",
    event_type: "task.completed",
    status: "COMPLETED",
    attempts: [{ attempt: 1, error: null }],
  });
});

it("one that fails is called again by the schedule, under the same id, and each attempt is logged", async () => {
  const api = await world.inNamespace();
  crm.always(503);
  const taskId = await completeTask(world, api);
  crm.always(200);
  await clock.advanceBy(7_000);
  await world.stack.qstash.idle();
  const ids = crm.received.map(({ headers }) => headers["idempotency-key"]);
  const delivery = await deliveryOf(api, taskId);
  expect(ids).toEqual([delivery.delivery_id, delivery.delivery_id]);
  expect(delivery).toMatchObject({
    status: "COMPLETED",
    attempts: [
      { attempt: 1, error: "the CRM answered 503", response_status: null },
      { attempt: 2, error: null },
    ],
  });
});

it("one that fails for good stands in the dead letters after one attempt", async () => {
  const api = await world.inNamespace();
  crm.always(404);
  const taskId = await completeTask(world, api);
  expect(await deliveryOf(api, taskId)).toMatchObject({
    status: "FAILED",
    error_message: "no_customer: Who is that?",
    attempt_count: 1,
  });
});
