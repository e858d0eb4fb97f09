import { createRandom } from "../../../src/content/clustering/random.ts";
import { parseConfig } from "../../../src/config.ts";
import { createNewId } from "../../../src/ids.ts";
import type { DeliveryRecord } from "../../../src/ports/delivery-store.ts";
import type { DeliveryMessage, DispatchMessage, Queue } from "../../../src/ports/queue.ts";
import { relayDeliveries } from "../../../src/engine/duties/relay-deliveries.ts";
import { relayEvents } from "../../../src/engine/duties/relay-events.ts";
import { releaseHeld } from "../../../src/engine/duties/release-held.ts";
import type { NamespaceContext } from "../../../src/engine/context.ts";
import { attemptDelivery } from "../../../src/engine/webhooks/deliveries/attempt-delivery.ts";
import { dispatchEvents } from "../../../src/engine/events/dispatch-events.ts";
import { createIsolateMemory } from "../../../src/engine/isolate-memory.ts";
import { createEndpoint } from "../../../src/engine/webhooks/endpoints/create-endpoint.ts";
import { updateEndpoint } from "../../../src/engine/webhooks/endpoints/update-endpoint.ts";
import type { Doc } from "../../../src/ports/database.ts";
import { taskRecord } from "../../jobs/task-record.ts";
import { ENVIRONMENT } from "../../support/environment.ts";
import { createMemoryGateway } from "../../webhooks/memory-gateway.ts";
import { storesOver } from "./virtual-stores.ts";
import { createVirtualTime, type Delays, type Process } from "./virtual-time.ts";
import { REGISTRY } from "../../support/registry.ts";

const START_MS = Date.parse("2026-11-24T01:02:03.456Z");
const MINUTE_MS = 60_000;

/** Nothing goes wrong any more once so much time has passed, and three days must be enough for the rest. */
const WILD_MS = 10 * MINUTE_MS;
const END_MS = 3 * 24 * 60 * MINUTE_MS;

const TASKS = 3;
const EVENTS = 6;
/** A type that the endpoint isn't subscribed to stands between the others. */
const TYPES = ["task.created", "task.progressed", "task.started"] as const;
const SUBSCRIBED = ["task.created", "task.started"];

/** A request that the endpoint got, in the order in which they came. */
export type Receipt = { readonly taskId: string; readonly sequence: number; readonly id: string };

export type OrderTrial = {
  readonly receipts: readonly Receipt[];
  readonly deliveries: readonly DeliveryRecord[];
  /** The sequences that the endpoint must have got of each task. */
  readonly expected: ReadonlyMap<string, readonly number[]>;
  readonly crashes: number;
};

/**
 * Tasks with events, an endpoint that wants them in order, and everything that may go wrong: the
 * queue loses, doubles, delays and reorders messages; workers die at any operation, also half-way
 * through an insert; the endpoint fails, and its owner pauses and resumes it.
 */
export async function runOrderTrial(seed: number): Promise<OrderTrial> {
  const random = createRandom(seed);
  const time = createVirtualTime(START_MS);
  const database = createMemoryGateway();
  const config = parseConfig({ ...ENVIRONMENT, ALLOW_LOOPBACK: "true" });
  const newId = createNewId(() => new Date(time.now()));
  const namespace = { _id: newId("namespace"), name: "acme" };
  const receipts: Receipt[] = [];
  let crashes = 0;
  let isWild = true;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const oneIn = (share: number) => isWild && random() < 1 / share;

  const delays: Delays = {
    flightMs: () => (oneIn(10) ? between(100, 8_000) : between(1, 20)),
    pauseMs: () => (oneIn(30) ? between(1_000, 20_000) : between(1, 10)),
  };

  const later = (run: () => void, waitMs: number) => {
    if (oneIn(8)) return;
    time.at(time.now() + waitMs + between(1, oneIn(4) ? 20_000 : 100), run);
    if (oneIn(5)) time.at(time.now() + waitMs + between(1, 90_000), run);
  };
  const queue: Pick<Queue, "publishDispatch" | "publishDeliveries"> = {
    publishDispatch: (message) => {
      later(() => dispatch(message), 0);
      return Promise.resolve();
    },
    publishDeliveries: (messages) => {
      for (const { message, options } of messages) {
        later(() => deliver(message, 0), (options.delaySeconds ?? 0) * 1000);
      }
      return Promise.resolve();
    },
  };
  const dispatch = (message: DispatchMessage) =>
    spawn(true, (ctx) => dispatchEvents({ ctx, input: message }));
  const deliver = (message: DeliveryMessage, retried: number): void => {
    const input = { ...message, redelivered: retried > 0 };
    spawn(
      true,
      (ctx) => attemptDelivery({ ctx, input }),
      (failed) => {
        if (failed && retried < 3)
          time.at(time.now() + 12_000, () => deliver(message, retried + 1));
      },
    );
  };

  function spawn(
    mayCrash: boolean,
    work: (ctx: NamespaceContext) => Promise<unknown>,
    ended: (failed: boolean) => void = () => undefined,
  ): void {
    const crash =
      mayCrash && oneIn(5)
        ? {
            operations: between(1, 12),
            lost: oneIn(2) ? ("answer" as const) : ("operation" as const),
          }
        : null;
    if (crash !== null) crashes += 1;
    const skewMs = between(-500, 500);
    const process: Process = { taskId: null, skewMs, crash, pending: 0, isOver: false };
    time.spawn(process, () => work(contextOf(process, mayCrash)), ended);
  }

  function contextOf(process: Process, mayCrash: boolean): NamespaceContext {
    const operate = <Result>(perform: () => Promise<Result>): Promise<Result> =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it resolves with what `perform` gave
      time.operate(process, delays, perform) as Promise<Result>;
    const gateway = new Proxy(database, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name === "insertMany" && mayCrash && oneIn(2)) return dieInserting(process);
        return (...parameters: unknown[]): unknown =>
          operate(() => Promise.resolve<unknown>(Reflect.apply(member, target, parameters)));
      },
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the queue has what is used
    const stores = storesOver(gateway, queue as Queue);
    return {
      config,
      runtime: {
        now: () => new Date(time.now() + process.skewMs),
        random,
        newId,
        log: () => undefined,
        defer: () => undefined,
        fetch: (_url, init) =>
          operate(() => Promise.resolve(receive(typeof init.body === "string" ? init.body : ""))),
      },
      stores,
      database: gateway,
      env: {},
      ...REGISTRY,
      jobs: new Map(),
      resources: new Map(),
      memory: createIsolateMemory(),
      readiness: {},
      principal: { kind: "admin" },
      namespace,
    };
  }

  /** An unordered insert that is cut off has stored any part of it, and its sender hears nothing. */
  function dieInserting(process: Process) {
    return (collection: string, rows: readonly Doc[]): Promise<unknown> => {
      crashes += 1;
      process.crash = { operations: 1, lost: "answer" };
      const some = rows.filter(() => random() < 0.5);
      return time.operate(process, delays, () => database.insertMany(collection, some));
    };
  }

  function receive(body: string): Response {
    const { data } = JSON.parse(body);
    receipts.push({ taskId: data.task.task_id, sequence: data.sequence, id: body });
    return new Response("heard", { status: oneIn(4) ? 500 : 200 });
  }

  const scheduleCron = (turn: number): void => {
    const scheduled = new Date(START_MS + turn * MINUTE_MS);
    time.at(scheduled.getTime() + between(0, 1_000), () => {
      // One that dies keeps the others from nothing.
      for (const duty of [relayEvents, releaseHeld, relayDeliveries]) {
        spawn(true, (ctx) => duty(ctx, scheduled, () => false));
      }
      scheduleCron(turn + 1);
    });
  };

  // It is made in calm; that isn't what is looked at here.
  const nobody: Process = { taskId: null, skewMs: 0, crash: null, pending: 0, isOver: false };
  const { webhook } = await createEndpoint({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the queue has what is used
    ctx: { ...contextOf(nobody, false), stores: storesOver(database, queue as Queue) },
    input: { url: "http://127.0.0.1:9000/in", event_types: SUBSCRIBED, ordering: "task" },
  });
  const webhookId = webhook._id;
  scheduleCron(1);

  const expected = new Map<string, number[]>();
  for (let number = 0; number < TASKS; number += 1) {
    const task = taskRecord({
      _id: newId("task"),
      namespace_id: namespace._id,
      status: "IN_PROGRESS",
    });
    await database.insertOne("tasks", task);
    const sequences: number[] = [];
    expected.set(task._id, sequences);
    let atMs = time.now() + between(1, 10_000);
    for (let sequence = 1; sequence <= EVENTS; sequence += 1) {
      const type = TYPES[sequence % TYPES.length] ?? "task.created";
      if (SUBSCRIBED.includes(type)) sequences.push(sequence);
      // Often together, as a short task's, and sometimes long after.
      atMs += oneIn(2) ? between(0, 20) : between(0, 15_000);
      time.at(atMs, () => void writeEvent(task._id, type, sequence));
    }
  }

  function writeEvent(taskId: string, type: string, sequence: number): Promise<unknown> {
    const timestamp = new Date(time.now());
    const data = { task: { task_id: taskId } };
    const event = { event_id: newId("event"), type, sequence, timestamp, data };
    later(() => dispatch({ source: "task", id: taskId }), 0);
    return database.updateOne(
      "tasks",
      { _id: taskId },
      { $push: { pending_events: event }, $set: { outbox_at: timestamp } },
    );
  }

  for (let pauses = 0; pauses < 2; pauses += 1) {
    const pauseMs = time.now() + between(0, 60_000);
    const set = (status: "ACTIVE" | "SUSPENDED") =>
      spawn(false, (ctx) => updateEndpoint({ ctx, input: { webhookId, status } }));
    if (oneIn(2)) time.at(pauseMs, () => set("SUSPENDED"));
    time.at(pauseMs + between(1, 60_000), () => set("ACTIVE"));
  }

  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the store of deliveries wrote
  const deliveries = () => database.rows("deliveries") as unknown as readonly DeliveryRecord[];
  const isDone = () =>
    deliveries().length === [...expected.values()].flat().length &&
    deliveries().every(({ state, relay_at }) => state !== "PENDING" && relay_at === null);
  const calmAt = time.now() + WILD_MS;
  while (time.now() < calmAt || !isDone()) {
    if (time.now() > calmAt) isWild = false;
    if (time.now() > calmAt + END_MS) {
      throw new Error(`it doesn't end: ${JSON.stringify(deliveries(), null, 1)}`);
    }
    await time.step();
  }
  return { receipts, deliveries: structuredClone(deliveries()), expected, crashes };
}
