import { expect } from "vitest";
import type { DeliveryRecord } from "../../src/ports/delivery-store.ts";
import type { DispatchMessage } from "../../src/ports/queue.ts";
import type { TaskRecord } from "../../src/ports/task-store.ts";
import type { EndpointRecord } from "../../src/ports/endpoint-store.ts";
import type { ServiceContext } from "../../src/engine/context.ts";
import { dispatchEvents } from "../../src/engine/events/dispatch-events.ts";
import type { Harness } from "./harness.ts";

/** As many endpoints as a step of a fan-out serves, and one more. */
export const TWO_STEPS = 1001;

/** The message that asks for all of a task's events. */
export const start = (task: TaskRecord): DispatchMessage => ({ source: "task", id: task._id });

/** Does what a dispatch message asks for. */
export const dispatch = (h: Harness, input: DispatchMessage, ctx: ServiceContext = h.ctx) =>
  dispatchEvents({ ctx, input });

/** So many endpoints, all subscribed to all; made as one is, since making each takes its time. */
export async function crowd(h: Harness, size: number): Promise<readonly EndpointRecord[]> {
  const { webhook } = await h.subscribe();
  const others = Array.from({ length: size - 1 }, () => {
    const id = h.ctx.runtime.newId("webhook");
    return { ...webhook, _id: id, idempotency_slot: id };
  });
  for (const other of others) await h.ctx.stores.webhooks.insert(other);
  h.advance(1);
  return [webhook, ...others];
}

/** Delivers the queue's dispatch messages, each once, until there are no more; how many deliveries each step made. */
export async function drain(h: Harness, from = 0): Promise<readonly number[]> {
  const steps: number[] = [];
  for (let next = from; ; next += 1) {
    const message = h.dispatchMessages()[next];
    if (message === undefined) return steps;
    h.gateway.operations.length = 0;
    steps.push((await dispatch(h, message)).deliveries);
  }
}

/** Every delivery, in the order in which they were written. */
export const deliveries = (h: Harness): readonly DeliveryRecord[] =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the store of deliveries wrote
  h.gateway.rows("deliveries") as readonly DeliveryRecord[];

/** A task as it is now. */
export const stored = async (h: Harness, task: TaskRecord): Promise<TaskRecord> => {
  const found = await h.ctx.stores.tasks.get(task._id);
  if (found === null) throw new Error("the task is gone");
  return found;
};

/** Each endpoint has one delivery of each event, with a message, and the outbox is settled. */
export async function expectAllServed(
  h: Harness,
  task: TaskRecord,
  endpoints: number,
  events: number,
) {
  expect(await stored(h, task)).toMatchObject({
    pending_events: [],
    outbox_at: null,
    fan_out: null,
  });
  expect(deliveries(h)).toHaveLength(endpoints * events);
  const targets = new Set(deliveries(h).map((one) => `${one.webhook_id} ${one.event_id}`));
  expect(targets.size).toBe(endpoints * events);
  expect(new Set(h.deliveryMessages().map((one) => one.delivery_id)).size).toBe(targets.size);
}

/** For each endpoint the deliveries were written in the order of the task's events. */
export function expectInOrder(h: Harness, events: readonly { readonly event_id: string }[]): void {
  const numbers = new Map(events.map(({ event_id }, index) => [event_id, index]));
  const last = new Map<string, number>();
  for (const { webhook_id, event_id } of deliveries(h)) {
    const number = numbers.get(event_id) ?? -1;
    expect(number).toBe((last.get(webhook_id) ?? -1) + 1);
    last.set(webhook_id, number);
  }
}
