import { afterAll, beforeAll, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { expectProblem } from "../support/problems.ts";
import { completeTask, deliveriesTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

const HOUR_MS = 3_600_000;

// On a busy machine an attempt may take long; time must not go on without it.
const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startWorld({ clock });
  await endpoint.start();
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

const sequenceOf = (body: string) => Number(/"sequence":(\d+)/.exec(body)?.[1]);

it("an ordered endpoint waits behind a dead letter until its owner skips it, and gets the rest by sequence", async () => {
  const api = await world.inNamespace();
  endpoint.answering = ({ body }) => ({ status: sequenceOf(body) === 1 ? 500 : 200 });
  const { webhook_id } = await subscribe(api, endpoint.url("/ordered"), {
    event_types: ["*"],
    ordering: "task",
  });
  await completeTask(world, api);
  await clock.advanceBy(48 * HOUR_MS);
  const waiting = await deliveriesTo(api, webhook_id);
  const [first, ...later] = waiting.toSorted(
    (one, other) => other.attempt_count - one.attempt_count,
  );
  expect(first).toMatchObject({ status: "FAILED", attempt_count: 8, hold: null });
  expect(later).toHaveLength(3);
  for (const one of later) {
    expect(one).toMatchObject({ status: "PENDING", attempt_count: 0, hold: "order" });
  }
  expect(endpoint.at("/ordered")).toHaveLength(8);

  const path = `/v1/deliveries/${first?.delivery_id ?? ""}/skip`;
  const skipped = await api.post(path).expect(200);
  expect(skipped.body).toMatchObject({ status: "SKIPPED", error_message: "skipped by admin" });
  await world.stack.qstash.idle();
  const arrived = endpoint.at("/ordered").slice(8);
  expect(arrived.map(({ body }) => sequenceOf(body))).toEqual([2, 3, 4]);
  const listed = await deliveriesTo(api, webhook_id, { status: "SKIPPED" });
  expect(listed.map(({ delivery_id }) => delivery_id)).toEqual([first?.delivery_id]);
  const [delivered] = await deliveriesTo(api, webhook_id, { status: "COMPLETED" });
  expectProblem(
    await api.post(`/v1/deliveries/${delivered?.delivery_id ?? ""}/skip`),
    409,
    "delivery_not_skippable",
  );
});
