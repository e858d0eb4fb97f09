import { MongoClient, type Collection } from "mongodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DeliveryRecord, EventRecord } from "../../src/ports/delivery-store.ts";
import type { TaskRecord } from "../../src/ports/task-store.ts";
import { submit } from "../support/fixtures.ts";
import {
  FUNCTIONS,
  holdBack,
  makeCase,
  type QueueFunction,
  subscribe,
} from "./support/scenario-parts.ts";
import { runCronNow, type Simulation, startSimulation } from "./support/simulation.ts";

/** What a queue that was down for a while leaves behind. */
const BACKLOG = 1_000;

/** What a runner that was killed leaves of its task. */
const DEAD = {
  status: "PROCESSING",
  attempt: 1,
  lease_token: "dead",
  lease_expires_at: new Date(0),
  relay_at: null,
} as const;

let simulation: Simulation;
let client: MongoClient;
let tasks: Collection<TaskRecord>;
let deliveries: Collection<DeliveryRecord>;
let events: Collection<EventRecord>;

beforeAll(async () => {
  simulation = await startSimulation();
  client = new MongoClient(simulation.mongo.uri);
  const database = client.db("waybill");
  tasks = database.collection("tasks");
  deliveries = database.collection("deliveries");
  events = database.collection("events");
});
afterAll(async () => {
  await client.close();
  await simulation.close();
});

/** Each test has its backlog to itself, the messages of the one before too. */
beforeEach(async () => {
  await Promise.all([tasks.deleteMany({}), deliveries.deleteMany({}), events.deleteMany({})]);
  const { url, token, misbehaviours } = simulation.world.stack.qstash;
  const headers = { Authorization: `Bearer ${token}` };
  await fetch(`${url}/v2/messages`, { method: "DELETE", headers });
  misbehaviours.clear();
  await simulation.clock.advanceBy(120_000);
});

/** An id like the given one, and never that itself: its digits are random. */
function ownId(id: string, index: number): string {
  const otherDigit = id.at(-5) === "0" ? "1" : "0";
  return `${id.slice(0, -5)}${otherDigit}${index.toString(16).padStart(4, "0")}`;
}

/** Stores so many copies of a task, with ids, slots and events of their own. */
async function multiply(taskId: string): Promise<void> {
  const task = await tasks.findOne({ _id: taskId });
  if (task === null) throw new Error(`there is no ${taskId}`);
  await tasks.insertMany(
    Array.from({ length: BACKLOG - 1 }, (_, index) => {
      const own = (id: string) => ownId(id, index);
      return {
        ...task,
        _id: own(taskId),
        idempotency_slot: own(taskId),
        singleton_slot: own(taskId),
        concurrency_slot: own(taskId),
        pending_events: task.pending_events.map((event, at) =>
          Object.assign({}, event, { event_id: `${own(event.event_id)}${at}` }),
        ),
      };
    }),
  );
}

/** Runs cron once; how many operations MongoDB got of it. */
async function operationsOfOneRun(): Promise<number> {
  const { operations } = simulation.mongo;
  const before = operations.all().length;
  await runCronNow(simulation);
  return operations.all().length - before;
}

/** How many messages of a kind the queue has. */
function waitingFor(name: QueueFunction): number {
  return simulation.world.stack.qstash
    .pendingMessages()
    .filter(({ url }) => url.endsWith(FUNCTIONS[name])).length;
}

describe(`a backlog of ${BACKLOG} is gone after one run of cron`, () => {
  it("events of tasks in a namespace without subscribers", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    const { task_id } = await submit(api, batch);
    await simulation.world.stack.qstash.idle();
    await multiply(task_id);
    expect(await operationsOfOneRun()).toBeLessThan(200);
    expect(await tasks.countDocuments({ outbox_at: { $ne: null } })).toBe(0);
    expect(await events.countDocuments()).toBe(4 * BACKLOG);
  });

  it("events of tasks in a namespace with a subscriber", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    await subscribe(simulation, api);
    holdBack(simulation, "job", "dispatch", "delivery");
    const { task_id } = await submit(api, batch);
    await multiply(task_id);
    expect(await operationsOfOneRun()).toBeLessThan(250);
    expect(await tasks.countDocuments({ outbox_at: { $ne: null } })).toBe(0);
    expect(await deliveries.countDocuments()).toBe(BACKLOG);
    expect(waitingFor("delivery")).toBeGreaterThanOrEqual(BACKLOG);
  });

  it("deliveries whose messages were lost", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    await subscribe(simulation, api);
    holdBack(simulation, "job", "dispatch", "delivery");
    const { task_id } = await submit(api, batch);
    await runCronNow(simulation);
    const delivery = await deliveries.findOne({ task_id });
    if (delivery === null) throw new Error("there is no delivery");
    await deliveries.insertMany(
      Array.from({ length: BACKLOG - 1 }, (_, index) => ({
        ...delivery,
        _id: ownId(delivery._id, index),
        relay_at: new Date(0),
      })),
    );
    expect(await operationsOfOneRun()).toBeLessThan(100);
    expect(waitingFor("delivery")).toBeGreaterThanOrEqual(BACKLOG - 1);
  });

  it("jobs whose messages were lost", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    holdBack(simulation, "job");
    const { task_id } = await submit(api, batch);
    await multiply(task_id);
    expect(await operationsOfOneRun()).toBeLessThan(250);
    expect(waitingFor("job")).toBeGreaterThanOrEqual(BACKLOG);
  });

  it("leases of runners that died", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(api, batch);
    await tasks.updateOne({ _id: task_id }, { $set: DEAD });
    await multiply(task_id);
    await runCronNow(simulation);
    expect(await tasks.countDocuments({ status: "PROCESSING" })).toBe(0);
    expect(await tasks.countDocuments({ status: "PENDING", attempt: 1 })).toBe(BACKLOG);
    expect(waitingFor("job")).toBeGreaterThanOrEqual(BACKLOG);
    release();
  });
});
