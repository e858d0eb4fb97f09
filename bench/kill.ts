/**
 * How long a kill takes: from the request to the first poll that says CANCELED, for each type of
 * task that can be killed while it runs. `npm run build && node bench/kill.ts
 * [--kills N] [--interval MS]`, the interval being HEARTBEAT_INTERVAL_MS, which bounds it.
 */
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { startStack, type Stack } from "../local/stack.ts";
import { startWorker } from "../local/worker.ts";
import { type Api, createApi } from "../test/support/api.ts";
import { type Executor, startExecutor } from "../test/support/executor.ts";
import { makeBucket, makeDrafts, submitAll } from "./fixtures.ts";
import { percentile } from "./statistics.ts";

const NAMESPACE = "kill";

/** What is measured to: the answer of a poll may be so much late. */
const POLL_MS = 5;

/** An executor's reports come so often, and each hears of a kill. */
const REPORT_MS = 100;

/** How long each read of a job is held, so that a job is still at work when it is killed. */
const READ_MS = 50;

/** A kill comes at some moment of this after the first sign of work. */
const MOMENTS_MS = 1200;

/** What isn't CANCELED by then never will be. */
const TIMEOUT_MS = 30_000;

/** Enough that no job ends before it is killed: a step takes 100 of them. */
const OBJECTS = 10_000;

/** The same of a taxonomy's job: with so many nodes a step takes 200 documents. */
const DOCUMENTS = 5_000;
const NODES = 500;

type Bench = { readonly api: Api; readonly stack: Stack; readonly executor: Executor };

type Kind = {
  readonly name: string;
  /** Starts a task and resolves to its id once it is at work; `stop` is called when it is CANCELED. */
  readonly start: () => Promise<{ readonly taskId: string; readonly stop?: () => void }>;
};

const Id = z.object({ task_id: z.string() });

/** One kill of a running task, in milliseconds. */
async function killOnce(api: Api, kind: Kind): Promise<number> {
  const { taskId, stop } = await kind.start();
  try {
    await sleep(Math.random() * MOMENTS_MS);
    const before = await statusOf(api, taskId);
    if (before !== "PROCESSING" && before !== "IN_PROGRESS") {
      throw new Error(`${kind.name}: ${taskId} is ${before} before it is killed`);
    }
    const began = performance.now();
    await api.post(`/v1/tasks/${taskId}/kill`, {}).expect(202);
    while ((await statusOf(api, taskId)) !== "CANCELED") {
      if (performance.now() - began > TIMEOUT_MS) throw new Error(`${taskId} is not CANCELED`);
      await sleep(POLL_MS);
    }
    return performance.now() - began;
  } finally {
    stop?.();
  }
}

async function statusOf(api: Api, taskId: string): Promise<string> {
  return String((await api.get(`/v1/tasks/${taskId}`).expect(200)).body["status"]);
}

async function untilAtWork(api: Api, taskId: string): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while ((await statusOf(api, taskId)) === "PENDING") {
    if (Date.now() > deadline) throw new Error(`${taskId} doesn't begin`);
    await sleep(POLL_MS);
  }
}

async function batchKind({ api }: Bench, kills: number): Promise<Kind> {
  const texts = Array.from({ length: OBJECTS }, (_, index) => `Crate ${index} of tea.`);
  const drafts = await makeDrafts(api, await makeBucket(api, "batches", texts), kills);
  return {
    name: "batch",
    start: async () => {
      const [taskId = ""] = await submitAll(api, [drafts.pop() ?? ""]);
      await untilAtWork(api, taskId);
      return { taskId };
    },
  };
}

async function taxonomyKind({ api }: Bench): Promise<Kind> {
  const texts = Array.from({ length: DOCUMENTS }, (_, index) => `Crate ${index} of silk.`);
  const bucket = await makeBucket(api, "documents", texts);
  const [draft = ""] = await makeDrafts(api, bucket, 1);
  const [filling = ""] = await submitAll(api, [draft]);
  while ((await statusOf(api, filling)) !== "COMPLETED") await sleep(POLL_MS);
  const nodes = Array.from({ length: NODES }, (_, index) => ({
    node_id: `silk-${index}`,
    label: `Silk ${index}`,
  }));
  let made = 0;
  return {
    name: "taxonomy",
    start: async () => {
      const body = { name: `taxonomy-${(made += 1)}`, nodes, threshold: 0.1 };
      const taxonomy = await api.post("/v1/taxonomies", body).expect(201);
      const path = `/v1/taxonomies/${String(taxonomy.body["taxonomy_id"])}/materialize`;
      const { task_id: taskId } = Id.parse(
        (await api.post(path, { collection_id: bucket.collectionId }).expect(202)).body,
      );
      await untilAtWork(api, taskId);
      return { taskId };
    },
  };
}

async function executorKind({ api, executor }: Bench): Promise<Kind> {
  const type = { executor_url: executor.url, heartbeat_timeout: 60 };
  const registered = await api.put("/v1/task-types/bench.kill", type).expect(201);
  executor.secret = String(registered.body["secret"]);
  return {
    name: `external executor, a report every ${REPORT_MS} ms`,
    start: async () => {
      const body = { task_type: "bench.kill", input: {} };
      const { task_id: taskId } = Id.parse((await api.post("/v1/tasks", body).expect(202)).body);
      const find = () => executor.jobs.find(({ task }) => task.task_id === taskId);
      while (find() === undefined) await sleep(POLL_MS);
      const job = find();
      if (job === undefined) throw new Error("the job is gone");
      const path = new URL(job.report_url).pathname;
      const headers = { Authorization: `Bearer ${job.token}`, "Content-Type": "application/json" };
      const report = (what: object) => api.raw("PATCH", path, JSON.stringify(what), headers);
      await report({}).expect(200);
      const stop = new AbortController();
      // What an executor does: it reports, and ends when it is told of a kill.
      void (async () => {
        while (!stop.signal.aborted) {
          await sleep(REPORT_MS);
          const { body: task } = await report({ progress: { completed: 1 } });
          if (task["cancel"] === null) continue;
          await report({ status: "CANCELED" });
          return;
        }
      })();
      return { taskId, stop: () => stop.abort() };
    },
  };
}

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    interval: { type: "string", default: "1000" },
  },
});
const kills = Number(values.kills);
const [stack, executor] = await Promise.all([startStack(), startExecutor()]);
const worker = await startWorker({
  vars: { ...stack.vars, HEARTBEAT_INTERVAL_MS: values.interval },
});
try {
  const admin = createApi(() => worker.url, stack.adminKey);
  await admin.post("/v1/namespaces", { name: NAMESPACE }).expect(201);
  const bench = { api: admin.as({ namespace: NAMESPACE }), stack, executor };
  const kinds = [
    await batchKind(bench, kills),
    await taxonomyKind(bench),
    await executorKind(bench),
  ];
  holdReads(stack);
  console.log(`heartbeat interval ${values.interval} ms`);
  console.log("| a running | kills | p50 ms | p99 ms | most ms |\n| --- | --- | --- | --- | --- |");
  for (const kind of kinds) {
    const times: number[] = [];
    for (let index = 0; index < kills; index += 1) times.push(await killOnce(bench.api, kind));
    const figures = [percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)];
    const cells = [kind.name, kills, ...figures.map((ms) => ms.toFixed(0))];
    console.log(`| ${cells.join(" | ")} |`);
  }
} finally {
  await Promise.all([worker.close(), executor.close()]);
  await stack.close();
}

/** Makes jobs last: a batch's reads of objects, and a taxonomy's reads of documents. */
function holdReads({ mongo }: Stack): void {
  mongo?.faults.add({
    phase: "before",
    match: ({ name, target }) =>
      name === "find" && (target === "objects" || target === "documents"),
    action: { kind: "delay", ms: READ_MS },
  });
}
