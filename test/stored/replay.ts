import { Client } from "@upstash/qstash";
import { type Document, MongoClient } from "mongodb";
import { z } from "zod";
import { drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { createApi } from "../support/api.ts";
import { startWorld, type World } from "../support/world.ts";
import { type Archive, readArchive, type StoredMessage } from "./archive.ts";
import { CANCELED, COMPLETED } from "./scenes/content-jobs.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * When cron runs and the queue's clock moves on, in milliseconds from the start: every minute or two
 * while leases and lost messages are due, then every few hours for silent executors, for the
 * deliveries' schedule, and past the next firing of every daily schedule.
 */
const CRON_AT = [0, 1, 2, 3, 5, 8, 13, 20, 40, 61, 122, 183, 300, 600, 1200, 1800, 2400].map(
  (minutes) => minutes * MINUTE_MS,
);

const Job = z.object({
  data: z.object({
    token: z.string(),
    task: z.object({ task_id: z.string(), tags: z.array(z.string()) }),
  }),
});

/** A world that holds a recorded set. */
export type Replay = {
  readonly archive: Archive;
  readonly world: World;
  /** What is stored now. */
  readonly documents: (collection: string) => Promise<Document[]>;
  /** Puts the hot copies into the cache. */
  readonly putCopies: () => Promise<void>;
  /** Puts every second message on its way; the others are lost. */
  readonly putMessages: () => Promise<void>;
  /** Renames a field of all documents of a collection, as if the code read it by another name. */
  readonly rename: (collection: string, from: string, to: string) => Promise<void>;
  /** The ids of the queue's schedules. */
  readonly queueSchedules: () => Promise<readonly string[]>;
  /** Lets cron, the queue, the endpoints and the executors work for 40 hours of driven time. */
  readonly letTimePass: () => Promise<void>;
  /** The same for another hour. */
  readonly letAnHourPass: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Loads a set into a fresh world; with `isFresh` as old as it was when it was recorded. */
export async function startReplay(
  name: string,
  { isFresh }: { readonly isFresh: boolean },
): Promise<Replay> {
  const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
  const receiver = new TestReceiver(() => clock.now());
  await receiver.start();
  const sealingKey = (await readArchive(name, { worker: "", receiver: "" })).manifest.sealing_key;
  const world = await startWorld({ clock, vars: { SEALING_KEY: sealingKey } });
  const addresses = { worker: world.worker.url, receiver: receiver.url("") };
  const archive = await readArchive(name, addresses, isFresh ? { now: new Date() } : {});
  const client = await MongoClient.connect(world.stack.vars["MONGODB_URI"] ?? "");
  const db = client.db(world.database);
  for (const [collection, documents] of archive.collections) {
    if (documents.length === 0) continue;
    await db.collection(collection).insertMany([...documents]);
  }
  const queue = new Client({
    baseUrl: world.stack.qstash.url,
    token: world.stack.qstash.token,
    devMode: false,
    enableTelemetry: false,
  });
  for (const { schedule_id: scheduleId, cron, body } of archive.schedules) {
    const destination = `${world.worker.url}/internal/schedules/fire`;
    const headers = { "Content-Type": "application/json" };
    await queue.schedules.create({
      scheduleId,
      cron,
      destination,
      body: JSON.stringify(body),
      headers,
    });
  }
  const executors = startExecutors(world, receiver);
  const startMs = clock.now();
  const moveTo = async (ms: number) => {
    await world.stack.qstash.idle();
    await world.runMinuteCron(ms);
    await clock.advanceTo(startMs + ms);
    await world.stack.qstash.idle();
  };
  return {
    archive,
    world,
    documents: (collection) => db.collection(collection).find().toArray(),
    putCopies: () => putCopies(world, archive),
    putMessages: () => putMessages(queue, world, archive),
    rename: async (collection, from, to) => {
      await db.collection(collection).updateMany({}, { $rename: { [from]: to } });
    },
    queueSchedules: async () => (await queue.schedules.list()).map(({ scheduleId }) => scheduleId),
    letTimePass: async () => {
      await executors.reportOf(archive);
      for (const ms of CRON_AT) await moveTo(ms);
    },
    letAnHourPass: async () => {
      const last = CRON_AT.at(-1) ?? 0;
      for (const ms of [5 * MINUTE_MS, HOUR_MS]) await moveTo(last + ms);
    },
    close: async () => {
      await client.close();
      await world.close();
      await receiver.close();
    },
  };
}

async function putCopies({ stack: { redis } }: World, { copies }: Archive): Promise<void> {
  const headers = { Authorization: `Bearer ${redis.token}` };
  for (const { key, value } of copies) {
    const body = JSON.stringify(["SET", key, value, "EX", "300"]);
    await fetch(redis.url, { method: "POST", headers, body });
  }
}

async function putMessages(queue: Client, world: World, { messages }: Archive): Promise<void> {
  const requests = messages
    .filter((_, index) => index % 2 === 0)
    .map((message) => requestOf(world, message));
  if (requests.length > 0) await queue.batchJSON(requests);
}

function requestOf(world: World, message: StoredMessage) {
  const { path, body, delay, retries, label, flow_control } = message;
  return {
    url: `${world.worker.url}${path}`,
    body,
    retries,
    ...(delay > 0 && { delay }),
    ...(label !== undefined && { label }),
    ...(flow_control !== undefined && { flowControl: controlOf(flow_control) }),
  };
}

/** The client's type asks for one of two limits. */
function controlOf({
  key,
  parallelism = 10,
  rate,
  period = 1,
}: NonNullable<StoredMessage["flow_control"]>) {
  return { key, parallelism, ...(rate !== undefined && { rate, period }) };
}

/** What the executor of a task with these labels reports; null when it reports nothing. */
function reportFor(tags: readonly unknown[], isKilled: boolean): "COMPLETED" | "CANCELED" | null {
  const isLabelled = (labels: readonly string[]) => labels.every((label) => tags.includes(label));
  if (isLabelled(COMPLETED.tags)) return "COMPLETED";
  return isKilled && isLabelled(CANCELED.tags) ? "CANCELED" : null;
}

/** Executors that finish each task at once, as its label says, and endpoints that answer by path. */
function startExecutors(world: World, receiver: TestReceiver) {
  const report = async (taskId: string, token: string, status: ReturnType<typeof reportFor>) => {
    if (status === null) return;
    const executor = createApi(() => world.worker.url, token);
    // The token of an abandoned attempt is refused; another attempt reports then.
    await executor.patch(`/v1/tasks/${taskId}`, { status, outputs: [] });
  };
  receiver.answering = async ({ path, body }) => {
    if (path.startsWith("/down")) return { status: 503 };
    if (path.startsWith("/gone")) return { status: 410 };
    if (path.startsWith("/page")) {
      const headers = { "Content-Type": "text/plain" };
      return { status: 200, headers, body: "A page about the harbour." };
    }
    if (path.startsWith("/executor")) {
      const { task, token } = Job.parse(JSON.parse(body)).data;
      await report(task.task_id, token, reportFor(task.tags, false));
    }
    return { status: 200 };
  };
  return {
    /** Reports the tasks that executors were working on. */
    reportOf: async ({ collections, manifest }: Archive) => {
      for (const task of collections.get("tasks") ?? []) {
        const id = String(task["_id"]);
        const token = manifest.report_tokens[id];
        const isAtWork = task["status"] === "IN_PROGRESS" || task["status"] === "UNKNOWN";
        if (token === undefined || !isAtWork) continue;
        const tags = z.array(z.string()).parse(task["tags"]);
        await report(id, token, reportFor(tags, task["cancel"] !== null));
      }
    },
  };
}
