import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeliveryRecord } from "../../src/ports/delivery-store.ts";
import type { TaskRecord } from "../../src/ports/task-store.ts";
import { submit } from "../support/fixtures.ts";
import {
  FUNCTIONS,
  holdBack,
  makeCase,
  type QueueFunction,
  subscribe,
} from "./support/scenario-parts.ts";
import { type Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";

/** What a queue that was down for a while leaves behind. */
const BACKLOG = 1_000;

/** What is older than this has been lost, for all that cron knows. */
const OVERDUE_MS = 120_000;

/** What a runner that was killed leaves of its task. */
const DEAD = {
  status: "PROCESSING",
  attempt: 1,
  lease_token: "dead",
  lease_expires_at: new Date(0),
  relay_at: null,
} as const;

let simulation: Simulation;

/** Each test has its backlog to itself, the messages of the one before too. */
beforeEach(async () => {
  simulation = await startVirtualSimulation();
});
afterEach(() => simulation.close());

const countOf = (collection: string, filter: object = {}): Promise<number> =>
  simulation.database.count(collection, { ...filter });

/** An id like the given one, and never that itself: its digits are random. */
function ownId(id: string, index: number): string {
  const otherDigit = id.at(-5) === "0" ? "1" : "0";
  return `${id.slice(0, -5)}${otherDigit}${index.toString(16).padStart(4, "0")}`;
}

/** Stores so many copies of a task, with ids, slots and events of their own. */
async function multiply(taskId: string): Promise<void> {
  const task = await simulation.database.findOne<TaskRecord>("tasks", { _id: taskId });
  if (task === null) throw new Error(`there is no ${taskId}`);
  await simulation.database.insertMany(
    "tasks",
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
  await simulation.clock.advanceBy(OVERDUE_MS);
  const { operations } = simulation.mongo;
  const before = operations.all().length;
  await simulation.runCron();
  return operations.all().length - before;
}

/** How many messages of a kind the queue has. */
function waitingFor(name: QueueFunction): number {
  return simulation.qstash.pendingMessages().filter(({ url }) => url.endsWith(FUNCTIONS[name]))
    .length;
}

vi.setConfig({ testTimeout: 120_000 });

describe(`a backlog of ${BACKLOG} is gone after one run of cron`, () => {
  it("events of tasks in a namespace without subscribers", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    const { task_id } = await submit(api, batch);
    await simulation.qstash.idle();
    await multiply(task_id);
    expect(await operationsOfOneRun()).toBeLessThan(200);
    expect(await countOf("tasks", { outbox_at: { $ne: null } })).toBe(0);
    expect(await countOf("events")).toBe(4 * BACKLOG);
  });

  it("events of tasks in a namespace with a subscriber", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    await subscribe(simulation, api);
    holdBack(simulation, "job", "dispatch", "delivery");
    const { task_id } = await submit(api, batch);
    await multiply(task_id);
    expect(await operationsOfOneRun()).toBeLessThan(250);
    expect(await countOf("tasks", { outbox_at: { $ne: null } })).toBe(0);
    expect(await countOf("deliveries")).toBe(BACKLOG);
    expect(waitingFor("delivery")).toBeGreaterThanOrEqual(BACKLOG);
  });

  it("deliveries whose messages were lost", async () => {
    const { api, batch } = await makeCase(simulation, 1);
    await subscribe(simulation, api);
    holdBack(simulation, "job", "dispatch", "delivery");
    const { task_id } = await submit(api, batch);
    await simulation.clock.advanceBy(OVERDUE_MS);
    await simulation.runCron();
    const delivery = await simulation.database.findOne<DeliveryRecord>("deliveries", { task_id });
    if (delivery === null) throw new Error("there is no delivery");
    await simulation.database.insertMany(
      "deliveries",
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
    await simulation.database.updateOne("tasks", { _id: task_id }, { $set: DEAD });
    await multiply(task_id);
    await simulation.runCron();
    expect(await countOf("tasks", { status: "PROCESSING" })).toBe(0);
    expect(await countOf("tasks", { status: "PENDING", attempt: 1 })).toBe(BACKLOG);
    expect(waitingFor("job")).toBeGreaterThanOrEqual(BACKLOG);
    release();
  });
});
