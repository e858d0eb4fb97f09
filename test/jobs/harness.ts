import type { SubmissionOptions } from "../../src/contract/submission.ts";
import { parseConfig } from "../../src/config.ts";
import { createNewId } from "../../src/ids.ts";
import { runJob } from "../../src/engine/runner/run-job.ts";
import type { RunOutcome } from "../../src/engine/runner/run.ts";
import type { BatchRecord } from "../../src/content/batch/batch-store.ts";
import type { JobMessage, PublishOptions, Queue } from "../../src/ports/queue.ts";
import type { CachedTask, TaskCache } from "../../src/ports/task-cache.ts";
import type { TaskRecord } from "../../src/ports/task-store.ts";
import { reapLeases } from "../../src/engine/duties/reap-leases.ts";
import { relayTasks } from "../../src/engine/duties/relay-tasks.ts";
import type { NamespaceContext, EngineStores } from "../../src/engine/context.ts";
import { createIsolateMemory } from "../../src/engine/isolate-memory.ts";
import { resourcesOf } from "../../src/engine/jobs/registry.ts";
import { createTask } from "../../src/engine/tasks/create-task.ts";
import { killTask } from "../../src/engine/tasks/kill-task.ts";
import { createBatchStore } from "../../src/content/batch/create-batch-store.ts";
import { createTaskStore } from "../../src/stores/mongo/tasks.ts";
import { createEndpointStore } from "../../src/stores/mongo/webhooks.ts";
import { createMemoryGateway } from "../webhooks/memory-gateway.ts";
import { type Crash, createLife } from "./life.ts";
import { JOBS, newScript } from "./scripted-job.ts";
import { ENVIRONMENT } from "../support/environment.ts";
import { REGISTRY } from "../support/registry.ts";

/** A job's message in the fake queue. */
export type QueuedJob = {
  readonly message: JobMessage;
  readonly options: PublishOptions;
  readonly dueAtMs: number;
  /** How often it failed. */
  readonly retried: number;
};

/** QStash gives a message up after so many repetitions. */
const MAX_RETRIES = 3;
const RETRY_AFTER_MS = 12_000;

/**
 * The runner on the real stores in memory, with a scripted job, a driven clock and a fake queue.
 */
export function createJobHarness(vars: Readonly<Record<string, string>> = {}) {
  let nowMs = Date.parse("2026-11-24T01:02:03.456Z");
  const now = () => new Date(nowMs);
  const newId = createNewId(now);
  const life = createLife();
  const database = createMemoryGateway();
  const gateway = life.mortal(database);
  // A test looks at the record whether the worker lives or not.
  const record = createTaskStore(database, () => "");
  const script = newScript();
  const world = { random: 0.5, queue: [] as QueuedJob[], logs: [] as string[] };
  const puts: { atMs: number; task: CachedTask }[] = [];
  let writes = 0;

  const queue: Queue = life.mortal<Queue>({
    publishJob: (message, options) => {
      const dueAtMs = nowMs + (options.delaySeconds ?? 0) * 1000;
      world.queue.push({ message, options, dueAtMs, retried: 0 });
      return Promise.resolve();
    },
    publishJobs: (messages) => {
      for (const { message, options } of messages) {
        const dueAtMs = nowMs + (options.delaySeconds ?? 0) * 1000;
        world.queue.push({ message, options, dueAtMs, retried: 0 });
      }
      return Promise.resolve();
    },
    cancelJobs: (taskId) => {
      world.queue = world.queue.filter(({ message }) => message.task_id !== taskId);
      return Promise.resolve();
    },
    putSchedule: () => Promise.resolve(),
    deleteSchedule: () => Promise.resolve(),
    publishDispatch: () => Promise.resolve(),
    publishDispatches: () => Promise.resolve(),
    publishDeliveries: () => Promise.resolve(),
  });
  const taskCache: TaskCache = life.mortal<TaskCache>({
    get: () => Promise.resolve(null),
    watch: () => Promise.resolve(null),
    watchNamespace: () => Promise.resolve(),
    isNamespaceWatched: () => Promise.resolve(false),
    put: (copies) => {
      puts.push(...copies.map(({ task }) => ({ atMs: nowMs, task })));
      return Promise.resolve(copies.map(() => ({ isWatched: false, isNamespaceWatched: false })));
    },
  });
  const stores: Partial<EngineStores> = {
    tasks: createTaskStore(gateway, () => `write-${(writes += 1)}`),
    webhooks: createEndpointStore(gateway),
    taskCache,
    queue,
  };
  const ctx: NamespaceContext = {
    config: parseConfig({ ...ENVIRONMENT, ...vars }),
    runtime: {
      now,
      random: () => world.random,
      newId,
      log: (level, message) => void world.logs.push(`${level}: ${message}`),
      defer: () => undefined,
      fetch: () => Promise.reject(new Error("a scripted job fetches nothing")),
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the runner touches; anything else fails loudly as undefined
    stores: stores as EngineStores,
    database: gateway,
    env: {},
    ...REGISTRY,
    jobs: JOBS,
    resources: resourcesOf(JOBS),
    memory: createIsolateMemory(),
    readiness: {},
    principal: { kind: "admin" },
    namespace: { _id: newId("namespace"), name: "acme" },
  };

  const harness = {
    ctx,
    script,
    world,
    database,
    gateway,
    puts,
    now,
    advance: (ms: number) => {
      nowMs += ms;
    },
    /** From that many store operations on, everything the worker asks for fails; until it is revived. */
    crashAfter: (crash: Crash) => life.crashAfter(crash),
    revive: () => life.revive(),
    /** A new task of the scripted job, working for a batch of its own. */
    submit: async (options: SubmissionOptions = {}): Promise<TaskRecord> => {
      const batch = batchRecord(ctx.namespace._id, newId("batch"), newId("task"), now());
      await createBatchStore(gateway).insert(batch);
      return createTask({
        ctx,
        input: {
          taskId: batch.reserved_task_id,
          taskType: "counting",
          resourceId: batch._id,
          jobInput: {},
          inputs: [batch._id],
          additionalData: {},
          options,
          keyed: null,
        },
      });
    },
    task: async (id: string): Promise<TaskRecord> => {
      const task = await record.get(id);
      if (task === null) throw new Error(`there is no task ${id}`);
      return task;
    },
    batchOf: (task: TaskRecord) => createBatchStore(gateway).get(task.resource_id ?? ""),
    /** Delivers the message that is due first, whenever that is; null when the queue is empty. */
    deliverNext: async (): Promise<RunOutcome | "failed" | null> => {
      const [next] = world.queue.toSorted((a, b) => a.dueAtMs - b.dueAtMs);
      if (next === undefined) return null;
      world.queue.splice(world.queue.indexOf(next), 1);
      nowMs = Math.max(nowMs, next.dueAtMs);
      try {
        return await runJob({ ctx, input: next.message });
      } catch {
        const retried = next.retried + 1;
        const again = { ...next, retried, dueAtMs: nowMs + RETRY_AFTER_MS };
        if (retried <= MAX_RETRIES) world.queue.push(again);
        return "failed";
      }
    },
    kill: (id: string) => killTask({ ctx, input: { taskId: id, reason: "enough" } }),
    /** The cron of every minute, as far as it concerns jobs. */
    cron: async () => {
      await relayTasks(ctx, now(), () => false);
      return reapLeases(ctx, now(), () => false);
    },
  };
  return harness;
}

export type JobHarness = ReturnType<typeof createJobHarness>;

function batchRecord(namespaceId: string, id: string, taskId: string, at: Date): BatchRecord {
  return {
    _id: id,
    namespace_id: namespaceId,
    bucket_id: "bkt",
    collection_id: "col",
    object_ids: null,
    options: { chunk_size: 200, chunk_overlap: 20 },
    metadata: {},
    status: "DRAFT",
    task_id: null,
    reserved_task_id: taskId,
    error_message: null,
    task_version: 0,
    created_at: at,
    updated_at: at,
  };
}
