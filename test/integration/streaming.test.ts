import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "../../src/contract/task.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { type Frame, openStream, readFrames } from "../support/event-stream.ts";
import { useExecutorWorld } from "../support/executor-world.ts";
import { expectProblem } from "../support/problems.ts";
import { subscribe } from "../support/webhooks.ts";

type Event = Extract<Frame, { kind: "event" }>;

const at = useExecutorWorld();
const receiver = new TestReceiver(() => Date.now());
let mongo: MongoClient;
beforeAll(async () => {
  await receiver.start();
  mongo = await MongoClient.connect(at.world.stack.vars["MONGODB_URI"] ?? "");
});
afterAll(() => Promise.all([receiver.close(), mongo.close()]));

const headers = (task: Task) => ({
  Authorization: `Bearer ${at.world.stack.adminKey}`,
  "X-Namespace": task.namespace_id,
});

/** Opens a task's stream; `close` cuts the connection. */
async function stream(task: Task, lastEventId: string | null = null) {
  const abort = new AbortController();
  const url = `${at.world.worker.url}/v1/tasks/${task.task_id}`;
  const response = await openStream(url, headers(task), lastEventId, abort.signal);
  return { response, frames: readFrames(response), close: () => abort.abort() };
}

/** The events of a stream until it ends, or until there are so many, when the connection is cut. */
async function take(task: Task, lastEventId: string | null, many = Infinity): Promise<Event[]> {
  const { frames, close } = await stream(task, lastEventId);
  const events: Event[] = [];
  for await (const frame of frames) {
    if (frame.kind !== "event") continue;
    events.push(frame);
    if (events.length === many) break;
  }
  close();
  return events;
}

/** A report of progress that makes an event, whenever the last one was. */
async function progress(job: Parameters<typeof at.report>[0], completed: number): Promise<void> {
  const tasks = mongo.db(at.world.database).collection<{ _id: string }>("tasks");
  await tasks.updateOne({ _id: job.task.task_id }, { $set: { progress_event_at: null } });
  await at.reported(job, { progress: { completed } });
}

describe("a stream of a task's events", () => {
  it("begins with the first, brings each as it happens, and ends after the last", async () => {
    await at.register();
    const task = await at.create();
    const job = await at.jobOf(task);
    const { response, frames } = await stream(task);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    expect(response.headers.get("X-Request-Id")).toMatch(/-/);
    expect(await next(frames)).toEqual({ kind: "retry", ms: 1000 });
    expect(await next(frames)).toMatchObject({ id: "1", event: "task.created" });
    expect(await next(frames)).toMatchObject({ id: "2", event: "task.started" });
    await progress(job, 1);
    expect(await next(frames)).toMatchObject({ id: "3", event: "task.progressed" });
    // A heartbeat is no event.
    await at.reported(job, {});
    await at.reported(job, { status: "COMPLETED" });
    expect(await next(frames)).toMatchObject({ id: "4", event: "task.completed" });
    expect(await next(frames)).toBeNull();
  });

  it("has the very bodies that webhooks get", async () => {
    await at.register();
    await subscribe(at.api, receiver.url(), { event_types: ["task.*"] });
    const task = await at.create({ tags: ["nightly"] });
    const job = await at.jobOf(task);
    await progress(job, 1);
    await at.reported(job, { status: "COMPLETED", outputs: ["s3://model"] });
    await at.world.runMinuteCron(60_000);
    await at.world.stack.qstash.idle();
    const events = await take(task, null);
    expect(events).toHaveLength(4);
    expect(events.map(({ data }) => data).toSorted()).toEqual(
      receiver.received.map(({ body }) => body).toSorted(),
    );
  });

  it("goes on after Last-Event-ID, and is 204 once there is nothing after it", async () => {
    await at.register();
    const task = await at.create();
    await at.reported(await at.jobOf(task), { status: "COMPLETED" });
    expect((await take(task, "1")).map(({ id }) => id)).toEqual(["2", "3"]);
    expect((await take(task, "")).map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect((await stream(task, "3")).response.status).toBe(204);
  });

  it("that is cut fifty times brings every event once, in order, from outbox and log", async () => {
    await at.register();
    const task = await at.create();
    const job = await at.jobOf(task);
    const reader = readWithCuts(task);
    for (let step = 1; step <= 110; step += 1) {
      await progress(job, step);
      // Moves what waits in the outbox to the log.
      if (step % 25 === 0) await at.world.runMinuteCron(600_000);
    }
    await at.reported(job, { status: "COMPLETED" });
    const { events, connections } = await reader;
    expect(connections).toBeGreaterThan(50);
    expect(events.map(({ id }) => Number(id))).toEqual(
      Array.from({ length: 113 }, (_, i) => i + 1),
    );
    expect(events.at(-1)?.event).toBe("task.completed");
  }, 60_000);
});

describe("no stream", () => {
  it("is there of an unknown task, or of another namespace's", async () => {
    await at.register();
    const task = await at.create();
    const stranger = await at.world.inNamespace();
    const accept = { Accept: "text/event-stream" };
    expectProblem(await stranger.get(`/v1/tasks/${task.task_id}`, accept), 404, "not_found");
    expectProblem(await at.api.get("/v1/tasks/tsk_nothing", accept), 404, "not_found");
    await at.reported(await at.jobOf(task), { status: "COMPLETED" });
  });

  it("costs a key in Redis for an id that no task can have", async () => {
    const { redis } = at.world.stack;
    redis.operations.clear();
    for (const id of [
      "tsk_nothing",
      "x".repeat(200),
      `bkt_${"0".repeat(32)}`,
      `TSK_${"0".repeat(32)}`,
    ]) {
      for (const sent of [{}, { Accept: "text/event-stream" }, { Prefer: "wait=1" }]) {
        expectProblem(await at.api.get(`/v1/tasks/${id}`, sent), 404, "not_found");
      }
    }
    expect(redis.operations.all()).toEqual([]);
  });

  it("begins at a Last-Event-ID that is no number, or ahead of the task", async () => {
    await at.register();
    const task = await at.create();
    for (const id of ["evt_1", "-1", "1.5", "50", "999999999999999"]) {
      const accept = { Accept: "text/event-stream", "Last-Event-ID": id };
      const answer = await at.api.get(`/v1/tasks/${task.task_id}`, accept);
      expectProblem(answer, 400, "invalid_request");
    }
    await at.reported(await at.jobOf(task), { status: "COMPLETED" });
  });
});

/** Reads to the end as a client on a bad line does: each connection breaks after two events. */
async function readWithCuts(task: Task): Promise<{ events: Event[]; connections: number }> {
  const events: Event[] = [];
  for (let connections = 1; ; connections += 1) {
    const more = await take(task, events.at(-1)?.id ?? null, 2);
    events.push(...more);
    if (more.length === 0 || more.at(-1)?.event === "task.completed") {
      return { events, connections };
    }
  }
}

async function next(frames: AsyncGenerator<Frame, void, void>): Promise<Frame | null> {
  const { value } = await frames.next();
  return value ?? null;
}
