import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Task, TaskHistory } from "../../src/contract/task.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import {
  holdJobs,
  getTask,
  makeBatch,
  sentence,
  submit,
  untilEnded,
  untilTask,
} from "../support/fixtures.ts";
import { expectProblem } from "../support/problems.ts";
import { startKillableWorld, type KillableWorld } from "../support/world.ts";

let world: KillableWorld;
const slowServer = new TestReceiver(() => Date.now());
beforeAll(async () => {
  world = await startKillableWorld();
  await slowServer.start();
  slowServer.answering = () => "silence";
});
afterAll(async () => {
  await slowServer.close();
  await world.close();
});

async function pendingTask(api: Api): Promise<Task> {
  const letJobsGo = holdJobs(world);
  const task = await submit(api, await makeBatch(api, [sentence(1)]));
  letJobsGo();
  return task;
}

async function endedTask(api: Api): Promise<Task> {
  const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
  return untilEnded(api, task_id);
}

describe("a poll", () => {
  it("is answered from the cache, after a flush from history, and then from the cache again", async () => {
    const api = await world.inNamespace();
    const task = await pendingTask(api);
    const path = `/v1/tasks/${task.task_id}`;
    const cached = await api.get(path).expect(200);
    expect(cached.headers.get("X-Waybill-Source")).toBe("cache");
    expect(cached.headers.get("Retry-After")).toBe("1");
    expect(Task.parse(cached.body)).toEqual(task);

    await world.stack.redis.flush();
    expectProblem(await api.get(`${path}?source=cache`), 404, "not_found");
    const stored = await api.get(path).expect(200);
    expect(stored.headers.get("X-Waybill-Source")).toBe("history");
    expect(stored.text).toBe(cached.text);
    await expect.poll(async () => (await api.get(`${path}?source=cache`)).status).toBe(200);
    const refilled = await api.get(path).expect(200);
    expect(refilled.headers.get("X-Waybill-Source")).toBe("cache");
    expect(refilled.text).toBe(cached.text);
    await api.post(`${path}/kill`).expect(202);
  });

  it("of a task that ended long ago, by an isolate that never saw it, comes from history", async () => {
    const api = await world.inNamespace();
    const { task_id } = await endedTask(api);
    await world.restartWorker();
    await world.stack.redis.flush();
    const answer = await api.get(`/v1/tasks/${task_id}`).expect(200);
    expect(answer.headers.get("X-Waybill-Source")).toBe("history");
    expect(answer.headers.get("Retry-After")).toBeNull();
    expect(answer.body).toMatchObject({ status: "COMPLETED" });
  });

  it("with the ETag of the last answer is 304 until the task changes", async () => {
    const api = await world.inNamespace();
    const task = await pendingTask(api);
    const path = `/v1/tasks/${task.task_id}`;
    const etag = (await api.get(path).expect(200)).headers.get("ETag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const same = await api.get(path, { "If-None-Match": tag }).expect(304);
      expect(same.text).toBe("");
      expect(same.headers.get("ETag")).toBe(etag);
    }
    await api.post(`${path}/kill`).expect(202);
    await api.get(path, { "If-None-Match": etag }).expect(200);
  });

  it("without Redis is answered from history", async () => {
    const api = await world.inNamespace();
    const task = await pendingTask(api);
    const lift = world.stack.redis.faults.add({
      phase: "before",
      match: () => true,
      action: { kind: "refuse" },
    });
    const answer = await api.get(`/v1/tasks/${task.task_id}`).expect(200);
    const cacheOnly = await api.get(`/v1/tasks/${task.task_id}?source=cache`);
    lift();
    expectProblem(cacheOnly, 503, "store_unavailable");
    expect(cacheOnly.headers.get("Retry-After")).toBe("5");
    expect(answer.headers.get("X-Waybill-Source")).toBe("history");
    expect(Task.parse(answer.body)).toEqual(task);
    await api.post(`/v1/tasks/${task.task_id}/kill`).expect(202);
  });
});

describe("a kill", () => {
  it("of a PENDING task cancels it at once; again is the same answer; its job then finds nothing to do", async () => {
    const api = await world.inNamespace();
    const task = await pendingTask(api);
    const kill = `/v1/tasks/${task.task_id}/kill`;
    const killed = await api.post(kill, { reason: "wrong bucket" }).expect(202);
    expect(killed.body).toMatchObject({
      status: "CANCELED",
      error_message: null,
      outputs: null,
      cancel: { requested_by: "admin", reason: "wrong bucket" },
    });
    expect((await api.post(kill).expect(202)).body).toEqual(killed.body);
    expect((await api.delete(`/v1/tasks/${task.task_id}`).expect(202)).body).toEqual(killed.body);
    await world.runMinuteCron(120_000);
    await world.stack.qstash.idle();
    expect(await getTask(api, task.task_id)).toEqual(killed.body);
  });

  it("of a running task is acknowledged by its runner between two steps", async () => {
    const api = await world.inNamespace();
    await api.post("/v1/buckets", { name: "b" }).expect(201);
    await api.post("/v1/collections", { name: "c" }).expect(201);
    const objects = Array.from({ length: 9 }, () => ({ content: { url: slowServer.url() } }));
    await api.post("/v1/buckets/b/objects/batch", { objects }).expect(200);
    const batch = await api
      .post("/v1/buckets/b/batches", { all: true, collection_id: "c" })
      .expect(201);
    const submitted = await api.post(`${batch.headers.get("Location")}/submit`).expect(202);
    const taskId = String(submitted.body["task_id"]);
    await expect.poll(() => slowServer.received.length).toBeGreaterThan(0);
    const noted = await api.delete(`/v1/tasks/${taskId}`).expect(202);
    expect(noted.body).toMatchObject({ status: "PROCESSING", cancel: { acknowledged_at: null } });
    const again = await api.post(`/v1/tasks/${taskId}/kill`, { reason: "later" }).expect(202);
    expect(again.body["cancel"]).toEqual(noted.body["cancel"]);
    // The URLs that the runner waits for break off, which ends its step.
    slowServer.answering = () => "cut";
    await slowServer.close();
    const ended = await untilEnded(api, taskId, 25_000);
    expect(ended).toMatchObject({ status: "CANCELED", error_message: null });
    expect(ended.cancel?.acknowledged_at).toEqual(expect.any(String));
  });

  it("of a task that has ended is refused and says how it ended", async () => {
    const api = await world.inNamespace();
    const task = await endedTask(api);
    const answer = await api.post(`/v1/tasks/${task.task_id}/kill`);
    expect(expectProblem(answer, 409, "task_already_terminal").detail).toContain("COMPLETED");
    expect(await getTask(api, task.task_id)).toEqual(task);
  });

  it("of a DRAFT, which has no task yet, finds none", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    expectProblem(await api.post(`/v1/tasks/${batch.batchId}/kill`), 404, "not_found");
    expect((await api.get(batch.path).expect(200)).body).toMatchObject({ status: "DRAFT" });
  });

  it("by many at once cancels once", async () => {
    const api = await world.inNamespace();
    const { task_id } = await pendingTask(api);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => api.post(`/v1/tasks/${task_id}/kill`).expect(202)),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const { body } = await api.get(`/v1/tasks/${task_id}/history`).expect(200);
    const history = TaskHistory.parse(body);
    expect(history.entries.filter((entry) => entry.to === "CANCELED")).toHaveLength(1);
  });
});

describe("a submit", () => {
  it("by many at once makes one task, and so does one after a restart", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const tasks = await Promise.all(Array.from({ length: 6 }, () => submit(api, batch)));
    const [first] = tasks;
    expect(new Set(tasks.map((task) => task.task_id)).size).toBe(1);
    await untilEnded(api, first?.task_id ?? "");
    await world.restartWorker();
    expect((await submit(api, batch)).task_id).toBe(first?.task_id);
    const listed = await api.post("/v1/tasks/list", { resource_id: batch.batchId }).expect(200);
    expect(listed.body["results"]).toHaveLength(1);
  });

  it("of a batch without objects ends SKIPPED with the reason", async () => {
    const api = await world.inNamespace();
    for (const request of [{ all: true }, { object_ids: [] }]) {
      const batch = await makeBatch(api, [], request);
      const task = await untilEnded(api, (await submit(api, batch)).task_id);
      expect(task).toMatchObject({ status: "SKIPPED", outputs: null, error_message: null });
      expect(task.additional_data).toMatchObject({ skip_reason: "The batch has no objects." });
      expect((await api.get(batch.path).expect(200)).body).toMatchObject({ status: "SKIPPED" });
    }
  });
});

describe("a history", () => {
  it("has every change, attempt and event of the task, in order and without a gap", async () => {
    const api = await world.inNamespace();
    const task = await endedTask(api);
    const answer = await api.get(`/v1/tasks/${task.task_id}/history`).expect(200);
    const history = TaskHistory.parse(answer.body);
    expect(history).toMatchObject({ task_id: task.task_id, status: "COMPLETED", deliveries: [] });
    expect(history.entries).toMatchObject([
      { from: null, to: "PENDING", actor: "admin", attempt: 0, reason: "submitted" },
      { from: "PENDING", to: "PROCESSING", actor: "runner", attempt: 1 },
      { from: "PROCESSING", to: "COMPLETED", actor: "runner", attempt: 1, reason: "done" },
    ]);
    expect(history.attempts).toMatchObject([{ attempt: 1, outcome: "COMPLETED" }]);
    const types = history.events.map(({ type }) => type);
    expect(types).toEqual([
      "task.created",
      "task.started",
      "collection.documents.written",
      "task.completed",
    ]);
    expect(history.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(task.sequence).toBe(4);
    await world.runMinuteCron(60_000);
    const later = await api.get(`/v1/tasks/${task.task_id}/history`).expect(200);
    const dispatched = TaskHistory.parse(later.body).events;
    expect(dispatched.map(({ event_id }) => event_id)).toEqual(
      history.events.map(({ event_id }) => event_id),
    );
    expect(dispatched.every((event) => event.dispatched)).toBe(true);
  });
});

it("a task of another namespace is as one that doesn't exist, to every verb", async () => {
  const [owner, stranger] = [await world.inNamespace(), await world.inNamespace()];
  const task = await pendingTask(owner);
  await untilTask(owner, task.task_id, () => true);
  const path = `/v1/tasks/${task.task_id}`;
  for (const answer of await Promise.all([
    stranger.get(path),
    stranger.get(`${path}?source=cache`),
    stranger.get(`${path}/history`),
    stranger.post(`${path}/kill`),
    stranger.delete(path),
  ])) {
    expectProblem(answer, 404, "not_found");
  }
  expect(await getTask(owner, task.task_id)).toEqual(task);
  await owner.delete(path).expect(202);
});
