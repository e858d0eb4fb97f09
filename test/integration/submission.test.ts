import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { pageOf } from "../../src/contract/common.ts";
import { Task } from "../../src/contract/task.ts";
import { INTERNAL_PATHS } from "../../src/ports/queue.ts";
import type { Api } from "../support/api.ts";
import { getTask, makeBatch, sentence, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const TaskPage = pageOf(Task);

const HOUR_MS = 3_600_000;
const HOUR = 3600;

const clock = drivenClock(Date.now());
let world: World;
beforeAll(async () => {
  world = await startWorld({ clock });
});
afterAll(() => world.close());

/** Makes a batch of one object and submits it with these options. */
async function submitNew(api: Api, options: object, headers: Record<string, string> = {}) {
  const batch = await makeBatch(api, [sentence(1)]);
  return { batch, answer: await api.post(`${batch.path}/submit`, options, headers) };
}

async function submitted(api: Api, options: object): Promise<Task> {
  const { answer } = await submitNew(api, options);
  expect(answer.status, answer.text).toBe(202);
  return Task.parse(answer.body);
}

describe("Idempotency-Key", () => {
  it("gives one task and one job to 200 simultaneous submits, and every answer names it (P5)", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        api.post(`${batch.path}/submit`, {}, { "Idempotency-Key": "night-1" }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    const ids = new Set(answers.map((answer) => answer.body["task_id"]));
    expect(ids.size).toBe(1);
    const ended = await untilEnded(api, String([...ids][0]));
    expect(ended).toMatchObject({ status: "COMPLETED", attempt: 1 });
    const list = await api.post("/v1/tasks/list", {}).expect(200);
    expect(list.body["results"]).toHaveLength(1);
  });

  it("stands for one request as long as the task is kept: another one with it is 422, and makes nothing", async () => {
    const api = await world.inNamespace();
    const key = { "Idempotency-Key": "one" };
    const first = await submitNew(api, { tags: ["a"] }, key);
    const taskId = String(first.answer.body["task_id"]);
    await untilEnded(api, taskId);
    const same = await api.post(`${first.batch.path}/submit`, { tags: ["a"] }, key).expect(202);
    expect(same.body["task_id"]).toBe(taskId);

    const other = await submitNew(api, { tags: ["a"] }, key);
    expect(other.answer.status).toBe(422);
    expect(other.answer.body).toMatchObject({ code: "idempotency_key_reused" });
    expect(other.answer.body["detail"]).toContain(taskId);
    expect((await api.get(other.batch.path).expect(200)).body).toMatchObject({ status: "DRAFT" });
  });

  it("is a namespace's own", async () => {
    const key = { "Idempotency-Key": "shared" };
    const [one, other] = [await world.inNamespace(), await world.inNamespace()];
    expect((await submitNew(one, {}, key)).answer.status).toBe(202);
    expect((await submitNew(other, {}, key)).answer.status).toBe(202);
  });

  it.each(["", "with space", "x".repeat(256)])("of the form %j is refused", async (key) => {
    const api = await world.inNamespace();
    const { answer } = await submitNew(api, {}, { "Idempotency-Key": key });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path: "idempotency-key" }] });
  });
});

describe("a submission's times", () => {
  it("are taken with any offset, and answered in UTC", async () => {
    const api = await world.inNamespace();
    const soon = new Date(Date.now() + HOUR_MS).toISOString();
    const later = new Date(Date.now() + 2 * HOUR_MS);
    const inKolkata = new Date(later.getTime() + 5.5 * HOUR_MS)
      .toISOString()
      .replace("Z", "+05:30");
    const times = { not_before: soon.replace("Z", "+00:00"), expires_at: inKolkata };
    const task = await submitted(api, times);
    expect(task).toMatchObject({ not_before: soon, expires_at: later.toISOString() });
    const gte = new Date(Date.parse(task.created_at) - 8 * HOUR_MS).toISOString();
    const filter = { created_at: { gte: gte.replace("Z", "-08:00"), lt: inKolkata } };
    const list = await api.post("/v1/tasks/list", filter).expect(200);
    expect(list.body["results"]).toHaveLength(1);
  });

  it("hold a delayed task in the queue until it may start", async () => {
    const api = await world.inNamespace();
    const task = await submitted(api, { delay: HOUR });
    expect(Date.parse(String(task.not_before)) - Date.parse(task.created_at)).toBe(HOUR_MS);
    await world.runMinuteCron(59 * 60_000);
    await world.stack.qstash.idle();
    expect(await getTask(api, task.task_id)).toMatchObject({ status: "PENDING", attempt: 0 });
    await clock.advanceBy(HOUR_MS);
    expect(await untilEnded(api, task.task_id)).toMatchObject({ status: "COMPLETED" });
  });

  it.each([
    ["FAILED", undefined],
    ["FAILED", "fail"],
    ["SKIPPED", "skip"],
  ])(
    "end a task %s that found no runner in time, when on_expire is %s",
    async (status, on_expire) => {
      const api = await world.inNamespace();
      const task = await submitted(api, { delay: HOUR, queue_ttl: 600, on_expire });
      await world.runMinuteCron(601_000);
      const ended = await getTask(api, task.task_id);
      expect(ended).toMatchObject({ status, attempt: 0 });
      expect(ended.last_error?.code ?? null).toBe(status === "FAILED" ? "queue_ttl_expired" : null);
    },
  );

  it.each([
    [{ delay: 1, not_before: "2030-01-01T00:00:00Z" }, "not_before"],
    [{ queue_ttl: 1, expires_at: "2030-01-01T00:00:00Z" }, "expires_at"],
    [{ delay: -1 }, "delay"],
    [{ max_attempts: 0 }, "max_attempts"],
    [{ priority: "urgent" }, "priority"],
    [{ singleton: {} }, "singleton.key"],
    [{ tags: ["", "b"] }, "tags.0"],
    [{ when: 1 }, "when"],
  ])("and options are checked: %j names %s, and the batch stays a DRAFT", async (options, path) => {
    const api = await world.inNamespace();
    const { batch, answer } = await submitNew(api, options);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path }] });
    expect((await api.get(batch.path).expect(200)).body).toMatchObject({ status: "DRAFT" });
  });
});

describe("a task's labels", () => {
  it("are kept and searchable: tags, metadata, priority, parent, attempts", async () => {
    const api = await world.inNamespace();
    const parent = await submitted(api, { delay: HOUR });
    const metadata = { team: "eng", rank: 3 };
    const task = await submitted(api, {
      tags: ["nightly", "nightly"],
      metadata,
      priority: "high",
      parent_task_id: parent.task_id,
      max_attempts: 7,
    });
    expect(task).toMatchObject({
      tags: ["nightly"],
      metadata,
      priority: "high",
      parent_task_id: parent.task_id,
      max_attempts: 7,
    });
    const found = async (filter: object) =>
      TaskPage.parse((await api.post("/v1/tasks/list", filter).expect(200)).body).results.map(
        (row) => row.task_id,
      );
    expect(await found({ metadata: { team: "eng" } })).toEqual([task.task_id]);
    expect(await found({ metadata: { team: "eng", rank: 3 } })).toEqual([task.task_id]);
    expect(await found({ metadata: { rank: "3" } })).toEqual([]);
    expect(await found({ parent_task_id: parent.task_id, tags: "nightly" })).toEqual([
      task.task_id,
    ]);
  });

  it("name a parent that exists in the namespace", async () => {
    const api = await world.inNamespace();
    const stranger = await submitted(await world.inNamespace(), { delay: HOUR });
    const { answer } = await submitNew(api, { parent_task_id: stranger.task_id });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path: "parent_task_id" }] });
  });
});

describe("a singleton key", () => {
  const key = "rebuild";

  it("answers the task that holds it, and is free again once that has ended", async () => {
    const api = await world.inNamespace();
    const first = await submitted(api, { delay: HOUR, singleton: { key } });
    expect(first.singleton_key).toBe(key);
    const second = await submitted(api, { singleton: { key } });
    expect(second.task_id).toBe(first.task_id);
    await api.post(`/v1/tasks/${first.task_id}/kill`, {}).expect(202);
    const third = await submitted(api, { singleton: { key } });
    expect(third.task_id).not.toBe(first.task_id);
    expect(await untilEnded(api, third.task_id)).toMatchObject({ status: "COMPLETED" });
  });

  it("lets twenty simultaneous submissions make one task", async () => {
    const api = await world.inNamespace();
    const tasks = await Promise.all(
      Array.from({ length: 20 }, () => submitted(api, { delay: HOUR, singleton: { key } })),
    );
    expect(new Set(tasks.map((task) => task.task_id)).size).toBe(1);
  });

  it("skips: the task that came too much is made, and ends SKIPPED with the reason", async () => {
    const api = await world.inNamespace();
    const first = await submitted(api, { delay: HOUR, singleton: { key } });
    const skipped = await submitted(api, { singleton: { key, when_busy: "skip" } });
    expect(skipped.status).toBe("SKIPPED");
    expect(skipped.additional_data["skip_reason"]).toContain(first.task_id);
  });

  it("queues: one runs at a time, in the order of submission, though the first one's message comes last", async () => {
    const api = await world.inNamespace();
    world.stack.qstash.misbehaviours.add({
      kind: "reorder",
      times: 1,
      after: 2,
      match: ({ target }) => target.endsWith(INTERNAL_PATHS.job),
    });
    const lift = world.mongo.faults.add({
      phase: "before",
      match: ({ isWrite, target }) => isWrite && target === "documents",
      action: { kind: "delay", ms: 150 },
    });
    const tasks: Task[] = [];
    for (let index = 0; index < 3; index += 1) {
      tasks.push(await submitted(api, { singleton: { key, when_busy: "queue" } }));
    }
    const ended: Task[] = [];
    for (const { task_id } of tasks) ended.push(await untilEnded(api, task_id));
    lift();
    expect(ended.map((task) => task.status)).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
    const spans = ended.map((task) => [String(task.started_at), String(task.completed_at)]);
    expect(spans.flat()).toEqual(spans.flat().toSorted());
  });
});
