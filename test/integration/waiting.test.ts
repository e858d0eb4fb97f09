import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Task } from "../../src/contract/task.ts";
import type { Answer, Api } from "../support/api.ts";
import { holdJobs } from "../support/fixtures.ts";
import { expectProblem } from "../support/problems.ts";
import { startKillableWorld, type World } from "../support/world.ts";

const Submitted = z.object({ results: z.array(z.object({ task: Task })) });

let world: World;
let api: Api;
beforeAll(async () => {
  // A thousand connections at once are load: bare workerd takes them, Miniflare about 500.
  world = await startKillableWorld();
  holdJobs(world);
});
afterAll(() => world.close());
beforeEach(async () => {
  api = await world.inNamespace();
  await api.put("/v1/task-types/gpu.train", { executor_url: "http://127.0.0.1:9/run" }).expect(201);
});
afterEach(() => {
  world.stack.redis.faults.clear();
  world.stack.mongo?.faults.clear();
});

const pending = async (): Promise<Task> =>
  Task.parse((await api.post("/v1/tasks", { task_type: "gpu.train", input: {} }).expect(202)).body);

const kill = (task: Task) => api.post(`/v1/tasks/${task.task_id}/kill`, {}).expect(202);

const wait = (task: Task, seconds: number, headers: Record<string, string> = {}): Promise<Answer> =>
  api.get(`/v1/tasks/${task.task_id}`, { Prefer: `wait=${seconds}`, ...headers });

/** Resolves once so many waiters have looked, by which time their watch is set. */
async function untilWatched(waiters: number): Promise<void> {
  await expect
    .poll(() => commands().filter((name) => name === "EVAL").length, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(waiters);
}

const commands = (): readonly string[] =>
  world.stack.redis.operations.all().map((operation) => operation.name);

describe("a wait for a task", () => {
  it("is answered as soon as the task changes, with what it became", async () => {
    const task = await pending();
    world.stack.redis.operations.clear();
    const began = Date.now();
    const waiting = wait(task, 30);
    await untilWatched(1);
    const killed = await kill(task);
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Preference-Applied")).toBe("wait=30");
    expect(answer.headers.get("Retry-After")).toBeNull();
    expect(answer.body).toEqual(killed.body);
    expect(answer.headers.get("ETag")).toBe(`"v${Task.parse(killed.body).version}"`);
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it("whose time is up answers the present task, 304 when the caller has it", async () => {
    const task = await pending();
    const answer = await wait(task, 1);
    expect(answer.status).toBe(200);
    expect(Task.parse(answer.body)).toEqual(task);
    const headers = { "If-None-Match": answer.headers.get("ETag") ?? "" };
    const began = Date.now();
    const same = await wait(task, 1, headers);
    expect(same.status).toBe(304);
    expect(same.headers.get("Preference-Applied")).toBe("wait=1");
    expect(Date.now() - began).toBeGreaterThanOrEqual(950);
  });

  it("is over at once when the caller's version is another, or the task has ended", async () => {
    const task = await pending();
    const stale = await wait(task, 60, { "If-None-Match": '"v0"' });
    expect(stale.status).toBe(200);
    expect(stale.headers.get("Preference-Applied")).toBe("wait=60");
    await kill(task);
    const ended = await wait(task, 60);
    expect(ended.body).toMatchObject({ status: "CANCELED" });
    const headers = { "If-None-Match": ended.headers.get("ETag") ?? "" };
    expect((await wait(task, 60, headers)).status).toBe(304);
  });
});

describe("waiting for a task", () => {
  it("is no wait while Redis is down, but a plain poll from history", async () => {
    const task = await pending();
    world.stack.redis.faults.add({
      phase: "before",
      match: () => true,
      action: { kind: "refuse" },
    });
    const answer = await wait(task, 60);
    expect(answer.headers.get("Preference-Applied")).toBeNull();
    expect(answer.headers.get("X-Waybill-Source")).toBe("history");
    expect(answer.headers.get("Retry-After")).toBe("1");
    expect(Task.parse(answer.body)).toEqual(task);
  });

  it("goes on while MongoDB is down, and ends by its time", async () => {
    const task = await pending();
    world.mongo.faults.add({ phase: "before", match: () => true, action: { kind: "cut" } });
    const answer = await wait(task, 1);
    expect(answer.headers.get("Preference-Applied")).toBe("wait=1");
    expect(Task.parse(answer.body)).toEqual(task);
  });

  it("after Redis was flushed begins from history", async () => {
    const task = await pending();
    await world.stack.redis.flush();
    world.stack.redis.operations.clear();
    const waiting = wait(task, 30);
    await untilWatched(1);
    const killed = await kill(task);
    expect((await waiting).body).toEqual(killed.body);
  });

  it("in vain: an unknown task is 404, another namespace's as well; so is a cache's miss", async () => {
    const task = await pending();
    const stranger = await world.inNamespace();
    const path = `/v1/tasks/${task.task_id}`;
    expectProblem(await stranger.get(path, { Prefer: "wait=60" }), 404, "not_found");
    await world.stack.redis.flush();
    expectProblem(await api.get(`${path}?source=cache`, { Prefer: "wait=60" }), 404, "not_found");
  });

  it("with a malformed preference is a plain poll", async () => {
    const task = await pending();
    for (const prefer of ["wait=soon", "wait=-5", "respond-async"]) {
      const answer = await api.get(`/v1/tasks/${task.task_id}`, { Prefer: prefer }).expect(200);
      expect(answer.headers.get("Preference-Applied")).toBeNull();
    }
  });
});

describe("what waiting costs", () => {
  it("is nothing where nobody waits: one Redis command a poll and a change, as without it", async () => {
    const task = await pending();
    world.stack.redis.operations.clear();
    await api.get(`/v1/tasks/${task.task_id}`).expect(200);
    expect(commands()).toEqual(["GET"]);
    await kill(task);
    expect(commands()).toEqual(["GET", "EVAL"]);
  });

  it("is one Redis command where it ends by a change, two where it ends by its time", async () => {
    const task = await pending();
    world.stack.redis.operations.clear();
    await wait(task, 1);
    expect(commands()).toEqual(["EVAL", "EVAL"]);
    world.stack.redis.operations.clear();
    const waiting = wait(task, 30);
    await untilWatched(1);
    await kill(task);
    await waiting;
    expect(commands()).toEqual(["EVAL", "EVAL"]);
  });
});

describe("a thousand waiters", () => {
  it("on one task are all woken by its change", async () => {
    const task = await pending();
    world.stack.redis.operations.clear();
    const waits: Promise<Answer>[] = [];
    for (let from = 0; from < 1000; from += 100) {
      waits.push(...Array.from({ length: 100 }, () => wait(task, 60)));
      // Simultaneous looks share a command, so they can't be counted; this answer comes after them.
      await api.get(`/v1/tasks/${task.task_id}`).expect(200);
    }
    const killed = await kill(task);
    const answers = await Promise.all(waits);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set([killed.text]));
  }, 60_000);

  it("on a thousand tasks are each woken by their own", async () => {
    const submission = { kind: "task", task_type: "gpu.train", input: {} };
    const submissions = Array.from({ length: 100 }, () => ({ submission }));
    const tasks: Task[] = [];
    while (tasks.length < 1000) {
      const { body } = await api.post("/v1/submissions", { submissions }).expect(200);
      tasks.push(...Submitted.parse(body).results.map(({ task }) => task));
    }
    world.stack.redis.operations.clear();
    const ends: Promise<Answer>[] = [];
    for (let from = 0; from < 1000; from += 50) {
      ends.push(...tasks.slice(from, from + 50).map((task) => untilEnded(task)));
      await untilWatched(from + 50);
    }
    for (let killed = 0; killed < 1000; killed += 100) {
      await api.post("/v1/tasks/kill", { status: "PENDING", limit: 100 }).expect(200);
    }
    const answers = await Promise.all(ends);
    expect(answers.map(({ body }) => [body["task_id"], body["status"]])).toEqual(
      tasks.map(({ task_id }) => [task_id, "CANCELED"]),
    );
  }, 240_000);
});

/** Waits as a client does: again when its time was up, which on a slow machine it may be. */
async function untilEnded(task: Task): Promise<Answer> {
  let etag = `"v${task.version}"`;
  for (;;) {
    const answer = await wait(task, 60, { "If-None-Match": etag });
    if (answer.status === 200 && answer.body["completed_at"] !== null) return answer;
    etag = answer.headers.get("ETag") ?? "";
  }
}
