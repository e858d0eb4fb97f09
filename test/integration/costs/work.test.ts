import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TestReceiver } from "../../contracts/qstash/receiver.ts";
import type { Api } from "../../support/api.ts";
import { getTask, makeBatch, sentence, submit } from "../../support/fixtures.ts";
import { keysOf, REQUEST_COSTS, WORK_COSTS } from "./expected.ts";
import {
  type Counted,
  inAnyOrder,
  less,
  type MeteredWorld,
  startMeteredWorld,
  WITHOUT_HEARTBEATS,
} from "./meter.ts";

/** Long before anything here was made, so that cron finds nothing to do. */
const AN_HOUR_AGO_MS = -3_600_000;

/** After the relay's patience with an outbox, before the relay's with a task. */
const OUTBOX_IS_DUE_MS = 15_000;

/** Between two heartbeats, and how long each read of objects is held: a step takes longer than the first. */
const BEAT_MS = 5;
const READ_MS = 25;

const DISPATCH = "publish /internal/events/dispatch";
const DELIVERY = "batch-item /internal/webhooks/deliver";

let world: MeteredWorld;
/** One in which a heartbeat is due between any two steps. */
let beating: MeteredWorld;
const receiver = new TestReceiver(() => Date.now());
beforeAll(async () => {
  await receiver.start();
  world = await startMeteredWorld(WITHOUT_HEARTBEATS);
  beating = await startMeteredWorld({ HEARTBEAT_INTERVAL_MS: String(BEAT_MS) });
  beating.mongo.faults.add({
    phase: "before",
    match: ({ target }) => target === "objects",
    action: { kind: "delay", ms: READ_MS },
  });
});
beforeEach(() => world.drain());
afterAll(async () => {
  await world.close();
  await beating.close();
  await receiver.close();
});

const scenarios: Record<keyof typeof WORK_COSTS, () => Promise<Counted>> = {
  "a job of one invocation, no subscriber": async () => countJob(world, 3),

  "a job of one invocation, with subscribers": async () => {
    const api = await world.inNamespace();
    await subscribe(api, ["*"]);
    return countJob(world, 3, api);
  },

  "each heartbeat (at most one a second)": async () => {
    const withBeat = await countJob(beating, 3);
    const without = WORK_COSTS["a job of one invocation, no subscriber"];
    return {
      redis: less(withBeat.redis, without.redis),
      mongo: less(withBeat.mongo, [...without.mongo, ...without.ownData]),
      qstash: less(withBeat.qstash, without.qstash),
    };
  },

  "a batch of 2,000 objects, without heartbeats": async () => countJob(world, 2000),

  "dispatch of a task's events, all at once": async () => {
    const counted = await countDispatch(["*"]);
    // Created, started, documents written, completed: their messages are counted with the deliveries.
    return { ...counted, qstash: less(counted.qstash, [DELIVERY, DELIVERY, DELIVERY, DELIVERY]) };
  },

  "each webhook delivery at the first attempt": async () => {
    const { qstash } = await countDispatch(["task.completed"]);
    receiver.received.length = 0;
    const counted = await world.count(() => world.deliver());
    expect(receiver.received).toHaveLength(1);
    // Nothing more is published; the delivery's own message was, by the dispatch.
    return { ...counted, qstash: [...counted.qstash, ...qstash] };
  },

  "a task's events to the log by cron, no subscriber": async () => {
    // What earlier tests left to the relay is done with first.
    await world.runMinuteCron(OUTBOX_IS_DUE_MS);
    await countJob(world, 1);
    const counted = await world.count(() => world.runMinuteCron(OUTBOX_IS_DUE_MS));
    const idle = WORK_COSTS["the cron of every minute, idle"];
    return { ...counted, mongo: less(counted.mongo, idle.mongo) };
  },

  "the cron of every minute, idle": async () =>
    world.count(() => world.runMinuteCron(AN_HOUR_AGO_MS)),

  "the daily cron, idle": async () =>
    world.count(() => world.worker.runCron("17 3 * * *", new Date())),
};

describe("work behind the queue costs exactly its list of operations", () => {
  it.each(keysOf(WORK_COSTS))("%s", async (operation) => {
    const cost = WORK_COSTS[operation];
    const counted = await scenarios[operation]();
    const own = "ownData" in cost ? cost.ownData : [];
    expect(inAnyOrder({ ...counted, mongo: less(counted.mongo, own) })).toEqual(inAnyOrder(cost));
  });
});

it("a job asks for its data only in the order: lease, resource, data, end", async () => {
  const { mongo } = await countJob(world, 1);
  expect(mongo).toEqual([
    "find tasks",
    "findAndModify tasks",
    "findAndModify batches",
    "find objects",
    "aggregate objects",
    "find collections",
    "find objects",
    "update documents",
    "findAndModify tasks",
    "findAndModify batches",
    "find webhooks",
  ]);
});

it("a duplicate of a job's message costs one read", async () => {
  world.stack.qstash.misbehaviours.add({
    kind: "duplicate",
    match: ({ target }) => target.endsWith("/internal/jobs/run"),
    deliveries: 2,
    times: 1,
  });
  const job = WORK_COSTS["a job of one invocation, no subscriber"];
  const counted = await countJob(world, 3);
  expect(less(counted.mongo, [...job.mongo, ...job.ownData])).toEqual(["find tasks"]);
  expect(counted.redis).toEqual(job.redis);
});

it("a batch from its submit to its webhook costs the sum of the parts and no more", async () => {
  const api = await world.inNamespace();
  await subscribe(api, ["task.completed"]);
  const batch = await makeBatch(api, [sentence(1)]);
  const counted = await world.count(async () => {
    await submit(api, batch);
    await world.drain();
  });
  const parts = [
    REQUEST_COSTS["submit a batch"],
    WORK_COSTS["a job of one invocation, with subscribers"],
    WORK_COSTS["dispatch of a task's events, all at once"],
    WORK_COSTS["each webhook delivery at the first attempt"],
  ];
  expect({
    redis: counted.redis.length,
    mongo: counted.mongo.length,
    qstash: counted.qstash.length,
  }).toEqual({
    redis: sum(parts.map(({ redis }) => redis.length)),
    mongo: sum(
      parts.map((part) => part.mongo.length + ("ownData" in part ? part.ownData.length : 0)),
    ),
    qstash: sum(parts.map(({ qstash }) => qstash.length)),
  });
});

/** What the job of a batch of so many objects asks for, from its message to its end. */
async function countJob(where: MeteredWorld, objects: number, caller?: Api): Promise<Counted> {
  const api = caller ?? (await where.inNamespace());
  const texts = Array.from({ length: objects }, (_, index) => sentence(index));
  const { task_id } = await submit(api, await makeBatch(api, texts));
  const counted = await where.count(() => where.deliver());
  expect(await getTask(api, task_id)).toMatchObject({ status: "COMPLETED", attempt: 1 });
  return counted;
}

/** What the dispatch of an ended task's events asks for, with one endpoint. */
async function countDispatch(types: readonly string[]): Promise<Counted> {
  const api = await world.inNamespace();
  await subscribe(api, types);
  expect((await countJob(world, 1, api)).qstash).toEqual([DISPATCH]);
  return world.count(() => world.deliver());
}

async function subscribe(api: Api, types: readonly string[]): Promise<void> {
  await api.post("/v1/webhooks", { url: receiver.url("/hook"), event_types: types }).expect(201);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
