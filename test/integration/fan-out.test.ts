import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

/** Two full steps of a fan-out and a half. */
const ENDPOINTS = 2_500;
const STEPS = 3;

/** Endpoints that are made at once. */
const AT_ONCE = 50;

let world: World;
const receiver = new TestReceiver(() => Date.now());
beforeAll(async () => {
  world = await startWorld();
  await receiver.start();
});
afterAll(async () => {
  await receiver.close();
  await world.close();
});

async function subscribeMany(api: Api, count: number): Promise<void> {
  for (let start = 0; start < count; start += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        subscribe(api, receiver.url(`/${start + index}`)),
      ),
    );
  }
}

const Event = z.object({ data: z.object({ task: z.object({ task_id: z.string() }) }) });

it(`${ENDPOINTS} endpoints get an event once each, in ${STEPS} bounded steps`, async () => {
  const api = await world.inNamespace();
  await subscribeMany(api, ENDPOINTS);
  const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
  await untilEnded(api, task_id);
  await world.stack.qstash.idle();

  const paths = new Set(Array.from({ length: ENDPOINTS }, (_, index) => `/${index}`));
  for (const path of paths) expect(receiver.at(path), path).toHaveLength(1);
  const ids = new Set(receiver.received.map(({ headers }) => headers["webhook-id"]));
  expect(ids.size).toBe(1);
  const [first] = receiver.received;
  expect(Event.parse(JSON.parse(String(first?.body))).data.task.task_id).toBe(task_id);

  const dispatches = world.stack.qstash.operations
    .all()
    .filter(({ name, target }) => name === "deliver" && target.endsWith("/events/dispatch"));
  expect(dispatches).toHaveLength(STEPS);
  const history = await api.get(`/v1/tasks/${task_id}/history`).expect(200);
  const Events = z.array(z.object({ dispatched: z.literal(true) }));
  expect(() => Events.parse(history.body["events"])).not.toThrow();
}, 120_000);
