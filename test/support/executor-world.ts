import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { drivenClock, type DrivenClock } from "../../local/qstash/clock.ts";
import { Task } from "../../src/contract/task.ts";
import type { Answer, Api } from "./api.ts";
import { type Executor, type ReceivedJob, startExecutor } from "./executor.ts";
import { untilTask } from "./fixtures.ts";
import { startWorld, type World } from "./world.ts";

/** The type that {@link ExecutorWorld.register} registers. */
export const TYPE = "gpu.train";

/** A world with an executor beside it, and for each test a namespace of its own. */
export type ExecutorWorld = {
  readonly clock: DrivenClock;
  readonly world: World;
  readonly executor: Executor;
  readonly api: Api;
  /** Registers {@link TYPE}; its secret is the executor's. */
  readonly register: (terms?: object) => Promise<void>;
  readonly create: (body?: object) => Promise<Task>;
  /** The job of a task's attempt, once it has come to the executor. */
  readonly jobOf: (task: Task, attempt?: number) => Promise<ReceivedJob>;
  readonly report: (job: ReceivedJob, body: object) => Promise<Answer>;
  /** The same where it is accepted; the task. */
  readonly reported: (job: ReceivedJob, body: object) => Promise<Task>;
};

type Parts = { readonly world: World; readonly executor: Executor };

/** Starts an {@link ExecutorWorld} for the tests of a file. */
export function useExecutorWorld(): ExecutorWorld {
  const clock = drivenClock(Date.now());
  let parts: Parts | null = null;
  let api: Api | null = null;
  beforeAll(async () => {
    const [world, executor] = await Promise.all([startWorld({ clock }), startExecutor()]);
    parts = { world, executor };
  });
  afterAll(() => Promise.all([parts?.world.close(), parts?.executor.close()]));
  // What a test left in the queue must not reach the executor of the next one.
  afterEach(() => present(parts).world.stack.qstash.idle());
  beforeEach(async () => {
    api = await present(parts).world.inNamespace();
    present(parts).executor.jobs.length = 0;
    present(parts).executor.answers.length = 0;
  });

  const find = (task: Task, attempt: number) =>
    present(parts).executor.jobs.find(
      (job) => job.task.task_id === task.task_id && job.attempt === attempt,
    );
  const report = (job: ReceivedJob, body: object) =>
    present(api).raw("PATCH", new URL(job.report_url).pathname, JSON.stringify(body), {
      Authorization: `Bearer ${job.token}`,
      "Content-Type": "application/json",
    });

  return {
    clock,
    get world() {
      return present(parts).world;
    },
    get executor() {
      return present(parts).executor;
    },
    get api() {
      return present(api);
    },
    register: async (terms = {}) => {
      const { executor } = present(parts);
      const body = { executor_url: executor.url, ...terms };
      const made = await present(api).put(`/v1/task-types/${TYPE}`, body).expect(201);
      executor.secret = String(made.body["secret"]);
    },
    create: async (body = {}) => {
      const request = { task_type: TYPE, input: {}, ...body };
      return Task.parse((await present(api).post("/v1/tasks", request).expect(202)).body);
    },
    jobOf: async (task, attempt = 1) => {
      await untilTask(present(api), task.task_id, () => find(task, attempt) !== undefined);
      return present(find(task, attempt));
    },
    report,
    reported: async (job, body) => {
      const answer = await report(job, body);
      expect(answer.status, answer.text).toBe(200);
      return Task.parse(answer.body);
    },
  };
}

function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error("it is not there yet");
  return value;
}
