import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drivenClock } from "../../../local/qstash/clock.ts";
import { Task } from "../../../src/contract/task.ts";
import { type Executor, startExecutor } from "../../support/executor.ts";
import { getTask, makeBatch, sentence } from "../../support/fixtures.ts";
import { keysOf } from "./expected.ts";
import { EXECUTOR_COSTS } from "./expected-jobs.ts";
import {
  type Counted,
  inAnyOrder,
  less,
  type MeteredWorld,
  startMeteredWorld,
  WITHOUT_HEARTBEATS,
} from "./meter.ts";

const HOUR_MS = 3_600_000;

const clock = drivenClock(Date.now());
let world: MeteredWorld;
let executor: Executor;
beforeAll(async () => {
  world = await startMeteredWorld(WITHOUT_HEARTBEATS, clock);
  executor = await startExecutor();
});
beforeEach(() => world.drain());
afterAll(async () => {
  await world.close();
  await executor.close();
});

const scenarios: Record<keyof typeof EXECUTOR_COSTS, () => Promise<Counted>> = {
  "submit an executor's task": async () => (await handOver()).submitted,

  "hand a task over to its executor": async () => (await handOver()).handedOver,

  "an executor's heartbeat": async () => {
    const { report } = await handOver();
    return world.count(() => report({}));
  },

  "an executor's report of progress": async () => {
    const { report } = await handOver();
    await report({ progress: { completed: 1 } });
    return world.count(() => report({ progress: { completed: 2 } }));
  },

  "an executor's report that makes an event (at most one each 10 s)": async () => {
    const { report } = await handOver();
    return world.count(() => report({ progress: { completed: 1 } }));
  },

  "an executor's report of the end": async () => {
    const { api, task, report } = await handOver();
    const counted = await world.count(() => report({ status: "COMPLETED", outputs: ["done"] }));
    expect(await getTask(api, task.task_id)).toMatchObject({ status: "COMPLETED", attempt: 1 });
    return counted;
  },

  "one firing of a schedule that submits a bucket": async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const submission = {
      kind: "bucket",
      bucket_id: batch.bucketId,
      collection_id: batch.collectionId,
    };
    const request = { name: "hourly", cron: "0 * * * *", submission };
    await api.post("/v1/schedules", request).expect(201);
    await clock.advanceBy(HOUR_MS);
    const counted = await world.count(() => world.deliver());
    await api.delete("/v1/schedules/hourly").expect(204);
    return counted;
  },
};

describe("work that is done elsewhere or on time costs exactly its list of operations", () => {
  it.each(keysOf(EXECUTOR_COSTS))("%s", async (operation) => {
    const cost = EXECUTOR_COSTS[operation];
    const counted = await scenarios[operation]();
    const own = "ownData" in cost ? cost.ownData : [];
    expect(inAnyOrder({ ...counted, mongo: less(counted.mongo, own) })).toEqual(inAnyOrder(cost));
  });
});

/** A task that its executor has taken over, in a namespace of its own, without a subscriber. */
async function handOver() {
  const api = await world.inNamespace();
  const type = { executor_url: executor.url, input_schema: { type: "object" } };
  const made = await api.put("/v1/task-types/gpu.train", type).expect(201);
  executor.secret = String(made.body["secret"]);
  let body: unknown;
  const submitted = await world.count(async () => {
    const request = { task_type: "gpu.train", input: {} };
    ({ body } = await api.post("/v1/tasks", request).expect(202));
  });
  const task = Task.parse(body);
  const handedOver = await world.count(() => world.deliver());
  const job = executor.jobs.find((one) => one.task.task_id === task.task_id);
  if (job === undefined) throw new Error("the executor was not posted the job");
  const report = (content: object) =>
    api
      .raw("PATCH", new URL(job.report_url).pathname, JSON.stringify(content), {
        Authorization: `Bearer ${job.token}`,
        "Content-Type": "application/json",
      })
      .expect(200);
  return { api, task, submitted, handedOver, report };
}
