import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { BulkOutcome, Task } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import { getTask, makeBatch, sentence, untilEnded } from "../support/fixtures.ts";
import { expectProblem } from "../support/problems.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ clock: drivenClock(Date.now()) });
});
afterAll(() => world.close());

/** A task that waits an hour before it starts. */
async function waiting(api: Api, options: object = {}): Promise<Task> {
  const batch = await makeBatch(api, [sentence(1)]);
  const answer = await api.post(`${batch.path}/submit`, { delay: 3600, ...options }).expect(202);
  return Task.parse(answer.body);
}

async function bulk(api: Api, verb: "kill" | "retry", request: object): Promise<BulkOutcome> {
  return BulkOutcome.parse((await api.post(`/v1/tasks/${verb}`, request).expect(200)).body);
}

const kill = (api: Api, task: Task) => api.post(`/v1/tasks/${task.task_id}/kill`, {}).expect(202);

describe("a kill of a waiting task", () => {
  it("takes its message back from the queue", async () => {
    const api = await world.inNamespace();
    const task = await waiting(api);
    const mine = () =>
      world.stack.qstash.pendingMessages().filter((message) => message.label === task.task_id);
    expect(mine()).toHaveLength(1);
    await kill(api, task);
    expect(mine()).toEqual([]);
  });

  it("kills what it started, and what those started, and nothing else", async () => {
    const api = await world.inNamespace();
    const parent = await waiting(api);
    const child = await waiting(api, { parent_task_id: parent.task_id });
    const grandchild = await waiting(api, { parent_task_id: child.task_id });
    const stranger = await waiting(api);
    await kill(api, parent);
    expect(await getTask(api, child.task_id)).toMatchObject({
      status: "CANCELED",
      cancel: { reason: `its parent ${parent.task_id} was killed` },
    });
    expect(await getTask(api, grandchild.task_id)).toMatchObject({ status: "CANCELED" });
    expect(await getTask(api, stranger.task_id)).toMatchObject({ status: "PENDING" });
  });

  it("reaches a child that was left alive by a crash, when the end is dispatched", async () => {
    const api = await world.inNamespace();
    const parent = await waiting(api);
    const child = await waiting(api, { parent_task_id: parent.task_id });
    // The list of the children never arrives, as if the worker had died before it.
    const lift = world.mongo.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "find" && target === "tasks",
      action: { kind: "refuse" },
      skip: 1,
    });
    await api.post(`/v1/tasks/${parent.task_id}/kill`, {});
    lift();
    expect(await getTask(api, child.task_id)).toMatchObject({ status: "PENDING" });
    await world.runMinuteCron(60_000);
    expect(await getTask(api, child.task_id)).toMatchObject({ status: "CANCELED" });
  });
});

describe("a retry", () => {
  it("is a new task of the same work that names the old one, and the batch follows it", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1), sentence(2)]);
    const options = { delay: 3600, tags: ["nightly"], metadata: { team: "eng" } };
    const first = Task.parse((await api.post(`${batch.path}/submit`, options).expect(202)).body);
    await kill(api, first);
    expect((await api.get(batch.path).expect(200)).body).toMatchObject({ status: "CANCELED" });

    const answer = await api.post(`/v1/tasks/${first.task_id}/retry`).expect(202);
    const second = Task.parse(answer.body);
    expect(second).toMatchObject({
      retry_of: first.task_id,
      tags: ["nightly"],
      metadata: { team: "eng" },
      inputs: first.inputs,
      not_before: null,
    });
    expect(answer.headers.get("Location")).toBe(`/v1/tasks/${second.task_id}`);
    expect(await untilEnded(api, second.task_id)).toMatchObject({ status: "COMPLETED" });
    expect((await api.get(batch.path).expect(200)).body).toMatchObject({
      status: "COMPLETED",
      task_id: second.task_id,
    });
    expect(await getTask(api, first.task_id)).toMatchObject({ status: "CANCELED" });
  });

  it("asked for again is the same new task", async () => {
    const api = await world.inNamespace();
    const task = await waiting(api);
    await kill(api, task);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.post(`/v1/tasks/${task.task_id}/retry`).expect(202)),
    );
    expect(new Set(answers.map((answer) => answer.body["task_id"])).size).toBe(1);
  });

  it("is refused while the task is alive and after it succeeded", async () => {
    const api = await world.inNamespace();
    const alive = await waiting(api);
    expect((await api.post(`/v1/tasks/${alive.task_id}/retry`)).body).toMatchObject({
      status: 409,
      code: "task_not_retryable",
    });
    expect((await api.post("/v1/tasks/tsk_none/retry")).status).toBe(404);
  });
});

describe("a kill or retry over a filter", () => {
  it("says in a dry run what it would do, and changes nothing", async () => {
    const api = await world.inNamespace();
    const task = await waiting(api, { tags: ["x"] });
    const plan = await bulk(api, "kill", { tags: "x", dry_run: true });
    expect(plan).toMatchObject({
      dry_run: true,
      results: [{ task_id: task.task_id, accepted: true, status: "PENDING" }],
    });
    expect(await getTask(api, task.task_id)).toMatchObject({ status: "PENDING" });
  });

  it("goes through pages by cursor, touches each task once and no task outside the filter", async () => {
    const api = await world.inNamespace();
    const mine = [];
    for (let index = 0; index < 5; index += 1) mine.push(await waiting(api, { tags: ["mine"] }));
    const other = await waiting(api);
    const met: string[] = [];
    let cursor: string | null = null;
    do {
      const page: BulkOutcome = await bulk(api, "kill", {
        tags: "mine",
        limit: 2,
        ...(cursor !== null && { cursor }),
      });
      expect(page.results.every((row) => row.accepted && row.status === "CANCELED")).toBe(true);
      met.push(...page.results.map((row) => row.task_id));
      cursor = page.pagination.next_cursor;
    } while (cursor !== null);
    expect(met).toEqual(mine.map((task) => task.task_id));
    expect(await getTask(api, other.task_id)).toMatchObject({ status: "PENDING" });

    const retried = await bulk(api, "retry", { status: "CANCELED", tags: "mine" });
    expect(retried.results.map((row) => row.accepted)).toEqual(Array(5).fill(true));
    for (const row of retried.results) {
      expect(await untilEnded(api, String(row.new_task_id))).toMatchObject({
        status: "COMPLETED",
        retry_of: row.task_id,
      });
    }
  });

  it("reports a refusal in the task's own row", async () => {
    const api = await world.inNamespace();
    const task = await waiting(api, { tags: ["x"] });
    await kill(api, task);
    const outcome = await bulk(api, "kill", { status: ["CANCELED"], tags: "x" });
    expect(outcome.results).toMatchObject([{ accepted: true, status: "CANCELED" }]);
    const refused = await bulk(api, "retry", { status: "PENDING", tags: "x" });
    expect(refused.results).toEqual([]);
  });

  it.each([{}, { metadata: {} }, { created_at: {} }, { metadata: {}, created_at: {} }])(
    "of %j does nothing unless all is said",
    async (filter) => {
      const api = await world.inNamespace();
      const task = await waiting(api);
      for (const verb of ["kill", "retry"]) {
        const answer = await api.post(`/v1/tasks/${verb}`, filter);
        expectProblem(answer, 400, "invalid_request");
        expect(answer.body["detail"]).toContain("at least one filter");
      }
      expect(await getTask(api, task.task_id)).toMatchObject({ status: "PENDING" });
      const killed = await bulk(api, "kill", { ...filter, all: true });
      expect(killed.results).toMatchObject([{ task_id: task.task_id, status: "CANCELED" }]);
    },
  );
});
