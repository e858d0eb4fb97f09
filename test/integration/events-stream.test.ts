import { beforeEach, describe, expect, it } from "vitest";
import type { Task } from "../../src/contract/task.ts";
import { type Frame, openStream, readFrames } from "../support/event-stream.ts";
import { useExecutorWorld } from "../support/executor-world.ts";
import { expectProblem } from "../support/problems.ts";
import { z } from "zod";

type Event = Extract<Frame, { kind: "event" }>;

const at = useExecutorWorld();
beforeEach(() => at.register());

/** What of a payload says which event it is. */
const Payload = z.object({
  data: z.object({ sequence: z.int(), task: z.object({ task_id: z.string() }) }),
});

/** Opens the stream of the test's namespace; `close` cuts the connection. */
async function stream(task: Task, query = "", lastEventId: string | null = null) {
  const abort = new AbortController();
  const headers = {
    Authorization: `Bearer ${at.world.stack.adminKey}`,
    "X-Namespace": task.namespace_id,
  };
  const url = `${at.world.worker.url}/v1/events/stream${query}`;
  const response = await openStream(url, headers, lastEventId, abort.signal);
  const frames = readFrames(response);
  await frames.next();
  return { response, frames, close: () => abort.abort() };
}

async function nextEvent(frames: AsyncGenerator<Frame, void, void>): Promise<Event> {
  for (;;) {
    const { value } = await frames.next();
    if (value === undefined) throw new Error("the stream ended");
    if (value.kind === "event") return value;
  }
}

function keyOf(event: Event): string {
  const { data } = Payload.parse(JSON.parse(event.data));
  return `${data.task.task_id} ${data.sequence}`;
}

describe("a stream of a namespace's events", () => {
  it("brings what happens to each of its tasks, and to no other namespace's", async () => {
    const before = await at.create();
    await at.jobOf(before);
    const { response, frames, close } = await stream(before);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    const stranger = await at.world.inNamespace();
    await stranger.put("/v1/task-types/other.type", { executor_url: at.executor.url }).expect(201);
    await stranger
      .post("/v1/tasks", { task_type: "other.type", input: {}, delay: 3600 })
      .expect(202);
    const task = await at.create();
    await at.reported(await at.jobOf(task), { status: "COMPLETED" });
    const got = [await nextEvent(frames), await nextEvent(frames), await nextEvent(frames)];
    close();
    expect(got.map(({ event }) => event)).toEqual([
      "task.created",
      "task.started",
      "task.completed",
    ]);
    expect(got.map(keyOf)).toEqual([1, 2, 3].map((sequence) => `${task.task_id} ${sequence}`));
  });

  it("lets through what the filters want", async () => {
    const quiet = await at.create({ tags: ["quiet"], delay: 3600 });
    const query = "?type=task.created&type=task.canceled&task_type=gpu.train&tag=loud";
    const { frames, close } = await stream(quiet, query);
    await at.api.post(`/v1/tasks/${quiet.task_id}/kill`, {}).expect(202);
    const loud = await at.create({ tags: ["loud"] });
    await at.reported(await at.jobOf(loud), { status: "COMPLETED" });
    const last = await at.create({ tags: ["loud", "x"], delay: 3600 });
    const got = [await nextEvent(frames), await nextEvent(frames)];
    close();
    expect(got.map(keyOf)).toEqual([`${loud.task_id} 1`, `${last.task_id} 1`]);
  });

  it("that was cut goes on with what was logged in the meantime", async () => {
    const first = await at.create({ delay: 3600 });
    const before = await stream(first);
    const task = await at.create({ delay: 3600 });
    const seen = await nextEvent(before.frames);
    expect(keyOf(seen)).toBe(`${task.task_id} 1`);
    before.close();
    await at.api.post(`/v1/tasks/${task.task_id}/kill`, {}).expect(202);
    await at.world.runMinuteCron(60_000);
    const after = await stream(first, "?type=task.canceled", seen.id);
    expect(keyOf(await nextEvent(after.frames))).toBe(`${task.task_id} 2`);
    after.close();
  });

  it("costs those who change tasks no Redis command, whether anybody follows or not", async () => {
    const task = await at.create({ delay: 3600 });
    const { redis } = at.world.stack;
    const { frames, close } = await stream(task);
    redis.operations.clear();
    await at.api.post(`/v1/tasks/${task.task_id}/kill`, {}).expect(202);
    expect(redis.operations.all().map(({ name }) => name)).toEqual(["EVAL"]);
    expect(keyOf(await nextEvent(frames))).toBe(`${task.task_id} 2`);
    close();
  });
});

describe("no stream of events", () => {
  it("begins for who doesn't accept one, with an unknown filter or a foreign id", async () => {
    const accept = { Accept: "text/event-stream" };
    expectProblem(await at.api.get("/v1/events/stream"), 400, "invalid_request");
    for (const query of ["?type=task.nonsense", "?status=FAILED", `?tag=${"x".repeat(201)}`]) {
      const answer = await at.api.get(`/v1/events/stream${query}`, accept);
      expectProblem(answer, 400, "invalid_request");
    }
    const ahead = String(Date.now() + 24 * 3_600_000);
    for (const id of ["evt_1", "-1", "1.2", "1.evt_/", ahead, "99999999999999", `${ahead}.evt_0`]) {
      const answer = await at.api.get("/v1/events/stream", { ...accept, "Last-Event-ID": id });
      expectProblem(answer, 400, "invalid_request");
    }
  });
});

describe("a stream is what Accept asks for", () => {
  it.each([
    ["text/event-stream;q=0", 400],
    ["text/event-stream ; q=0.000, application/json", 400],
    ["text/event-stream-x", 400],
    ["application/json", 400],
    ["Text/Event-Stream", 200],
    ["application/json;q=0.5, TEXT/EVENT-STREAM;q=0.9", 200],
    ["text/*", 200],
  ])("%s is answered %i", async (accept, status) => {
    const task = await at.create({ delay: 3600 });
    const headers = {
      Authorization: `Bearer ${at.world.stack.adminKey}`,
      "X-Namespace": task.namespace_id,
      Accept: accept,
    };
    const types = ["/v1/events/stream", `/v1/tasks/${task.task_id}`].map(async (path) => {
      const abort = new AbortController();
      const response = await fetch(`${at.world.worker.url}${path}`, {
        headers,
        signal: abort.signal,
      });
      abort.abort();
      return [response.status, response.headers.get("Content-Type")];
    });
    const [ofEvents, ofTask] = await Promise.all(types);
    expect(ofEvents?.[0]).toBe(status);
    const type = status === 200 ? "text/event-stream" : "application/json";
    expect(ofTask).toEqual([200, type]);
  });
});
