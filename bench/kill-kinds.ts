import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Stack } from "../local/stack.ts";
import type { Api } from "../test/support/api.ts";
import type { Executor } from "../test/support/executor.ts";
import { makeBucket, makeDrafts, submitAll } from "./fixtures.ts";

/** What is measured to: the answer of a poll may be so much late. */
export const POLL_MS = 5;

/** What isn't at work, or not CANCELED, by then never will be. */
export const TIMEOUT_MS = 30_000;

/** An executor's reports come so often, and each hears of a kill. */
const REPORT_MS = 100;

/** How long each read of a job is held, so that a job is still at work when it is killed. */
const READ_MS = 50;

/** A migration can be killed while it counts what it will copy: as long as in a namespace of millions. */
const COUNT_MS = 600;

/** A kill comes at some moment of this after the first sign of work. */
const MOMENTS_MS = 1200;

/** Enough that no job ends before it is killed: a step takes 100 of them. */
const OBJECTS = 10_000;

/** The same of a taxonomy's job, of which a step takes 200 documents with so many nodes, and of a cluster's. */
const DOCUMENTS = 5_000;
const NODES = 500;
const GROUPS = 64;

/** What the kinds have in common: a namespace, its stack, and an executor that takes every job. */
export type Bench = {
  readonly api: Api;
  readonly admin: Api;
  readonly stack: Stack;
  readonly executor: Executor;
};

/** A type of task that can be killed while it runs. */
export type Kind = {
  readonly name: string;
  /** A caller in the namespace of its tasks. */
  readonly api: Api;
  /** A kill comes at some moment of this after the first sign of work. */
  readonly momentsMs: number;
  /** Starts a task and resolves to its id once it is at work; `stop` is called when it is CANCELED. */
  readonly start: () => Promise<{ readonly taskId: string; readonly stop?: () => void }>;
};

const Id = z.object({ task_id: z.string() });

/** The kinds by name, each with what it works on. */
export const KINDS: Readonly<Record<string, (bench: Bench, kills: number) => Promise<Kind>>> = {
  batch: batchKind,
  cluster: clusterKind,
  taxonomy: taxonomyKind,
  migration: migrationKind,
  executor: executorKind,
};

/** What a poll says. */
export async function statusOf(api: Api, taskId: string): Promise<string> {
  return String((await api.get(`/v1/tasks/${taskId}`).expect(200)).body["status"]);
}

/** Makes jobs last: a batch's reads of objects, the others' of documents, and a migration's counts. */
export function holdReads({ mongo }: Stack): void {
  mongo?.faults.add({
    phase: "before",
    match: ({ name, target }) =>
      name === "find" && (target === "objects" || target === "documents"),
    action: { kind: "delay", ms: READ_MS },
  });
  mongo?.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "aggregate" && target === "buckets",
    action: { kind: "delay", ms: COUNT_MS },
  });
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
    api,
    momentsMs: MOMENTS_MS,
    start: async () => {
      const [taskId = ""] = await submitAll(api, [drafts.pop() ?? ""]);
      await untilAtWork(api, taskId);
      return { taskId };
    },
  };
}

/** The collection that clusters and taxonomies work on, made for the first of them. */
const filled = new WeakMap<Api, Promise<string>>();

function documentsIn(api: Api): Promise<string> {
  const known = filled.get(api);
  if (known !== undefined) return known;
  const made = fill(api);
  filled.set(api, made);
  return made;
}

async function fill(api: Api): Promise<string> {
  const texts = Array.from({ length: DOCUMENTS }, (_, index) => `Crate ${index} of silk.`);
  const bucket = await makeBucket(api, "documents", texts);
  const [draft = ""] = await makeDrafts(api, bucket, 1);
  const [filling = ""] = await submitAll(api, [draft]);
  while ((await statusOf(api, filling)) !== "COMPLETED") await sleep(POLL_MS);
  return bucket.collectionId;
}

async function clusterKind({ api }: Bench): Promise<Kind> {
  const collectionId = await documentsIn(api);
  const request = { name: "crates", collection_ids: [collectionId], k: GROUPS };
  await api.post("/v1/clusters", request).expect(201);
  return {
    name: "cluster",
    api,
    momentsMs: MOMENTS_MS,
    start: async () => {
      const answer = await api.post("/v1/clusters/crates/execute", {}).expect(202);
      const { task_id: taskId } = Id.parse(answer.body);
      await untilAtWork(api, taskId);
      return { taskId };
    },
  };
}

async function taxonomyKind({ api }: Bench): Promise<Kind> {
  const collectionId = await documentsIn(api);
  const nodes = Array.from({ length: NODES }, (_, index) => ({
    node_id: `silk-${index}`,
    label: `Silk ${index}`,
  }));
  let made = 0;
  return {
    name: "taxonomy",
    api,
    momentsMs: MOMENTS_MS,
    start: async () => {
      const body = { name: `taxonomy-${(made += 1)}`, nodes, threshold: 0.1 };
      const taxonomy = await api.post("/v1/taxonomies", body).expect(201);
      const path = `/v1/taxonomies/${String(taxonomy.body["taxonomy_id"])}/materialize`;
      const { task_id: taskId } = Id.parse(
        (await api.post(path, { collection_id: collectionId }).expect(202)).body,
      );
      await untilAtWork(api, taskId);
      return { taskId };
    },
  };
}

/** A migration can be killed until it begins to copy, which is as long as it counts. */
async function migrationKind({ admin }: Bench): Promise<Kind> {
  const source = "kill-source";
  await admin.post("/v1/namespaces", { name: source }).expect(201);
  const api = admin.as({ namespace: source });
  await makeBucket(api, "crates", ["A crate of salt."]);
  let made = 0;
  return {
    name: `migration, while it counts for ${COUNT_MS} ms`,
    api,
    // Beyond that a kill would be refused: it would copy.
    momentsMs: COUNT_MS / 2,
    start: async () => {
      const path = `/v1/namespaces/${source}/migrations`;
      const target_name = `kill-target-${(made += 1)}`;
      await admin.post(path, { target_name }).expect(201);
      const answer = await admin.post(`${path}/${target_name}/start`, {}).expect(202);
      const { task_id: taskId } = Id.parse(answer.body);
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
    api,
    momentsMs: MOMENTS_MS,
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
