import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { pageOf } from "../../src/contract/common.ts";
import { Schedule } from "../../src/contract/schedule.ts";
import { Task } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const HOUR_MS = 3_600_000;
const TaskPage = pageOf(Task);

const clock = drivenClock(Date.now());
let world: World;
beforeAll(async () => {
  world = await startWorld({ clock });
});
afterAll(() => world.close());

/** A namespace with a bucket of one object, and what submits all of it. */
async function bucketIn(api: Api, options: object = {}) {
  const batch = await makeBatch(api, [sentence(1)]);
  return {
    kind: "bucket",
    bucket_id: batch.bucketId,
    collection_id: batch.collectionId,
    ...options,
  };
}

async function create(api: Api, body: object): Promise<Schedule> {
  const request = { name: "hourly", cron: "0 * * * *", ...body };
  return Schedule.parse((await api.post("/v1/schedules", request).expect(201)).body);
}

const get = async (api: Api, id: string) =>
  Schedule.parse((await api.get(`/v1/schedules/${id}`).expect(200)).body);

async function tasksOf(api: Api): Promise<Task[]> {
  const body = { sort: "created_at" };
  return TaskPage.parse((await api.post("/v1/tasks/list", body).expect(200)).body).results;
}

describe("a schedule", () => {
  it("submits at each of its times, and shows the last task and the next five times", async () => {
    const api = await world.inNamespace();
    const schedule = await create(api, { submission: await bucketIn(api, { tags: ["hourly"] }) });
    expect(schedule).toMatchObject({ status: "ACTIVE", timezone: "UTC", last_task_id: null });
    const gaps = schedule.next_times
      .slice(1)
      .map((time, index) => Date.parse(time) - Date.parse(schedule.next_times[index] ?? ""));
    expect(gaps).toEqual([HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS]);

    await clock.advanceBy(2 * HOUR_MS);
    const tasks = await tasksOf(api);
    expect(tasks.map((task) => task.tags)).toEqual([["hourly"], ["hourly"]]);
    for (const task of tasks) {
      expect(await untilEnded(api, task.task_id)).toMatchObject({ status: "COMPLETED" });
    }
    const after = await get(api, schedule.schedule_id);
    expect(after.last_task_id).toBe(tasks[1]?.task_id);
    await api.delete(`/v1/schedules/hourly`).expect(204);
  });

  it("makes one task of a firing that is delivered three times (P7)", async () => {
    const api = await world.inNamespace();
    await create(api, { submission: await bucketIn(api) });
    const lift = world.stack.qstash.misbehaviours.add({
      kind: "duplicate",
      match: (operation) => operation.target.endsWith("/internal/schedules/fire"),
      deliveries: 3,
      together: true,
    });
    await clock.advanceBy(HOUR_MS);
    lift();
    expect(await tasksOf(api)).toHaveLength(1);
    await api.delete(`/v1/schedules/hourly`).expect(204);
  });

  it("does not fire while it is paused, and fires again once it is resumed", async () => {
    const api = await world.inNamespace();
    const schedule = await create(api, { submission: await bucketIn(api) });
    const path = `/v1/schedules/${schedule.schedule_id}`;
    const paused = await api.post(`${path}/pause`).expect(200);
    expect(paused.body).toMatchObject({ status: "SUSPENDED", next_times: [] });
    await clock.advanceBy(2 * HOUR_MS);
    expect(await tasksOf(api)).toEqual([]);
    expect((await api.post(`${path}/resume`).expect(200)).body).toMatchObject({ status: "ACTIVE" });
    await clock.advanceBy(HOUR_MS);
    expect(await tasksOf(api)).toHaveLength(1);
    await api.delete(path).expect(204);
  });

  it("runs now when it is asked to, paused or not, once for each idempotency key", async () => {
    const api = await world.inNamespace();
    const schedule = await create(api, { submission: await bucketIn(api) });
    const path = `/v1/schedules/${schedule.schedule_id}`;
    await api.post(`${path}/pause`).expect(200);
    const key = { "Idempotency-Key": "k" };
    const first = await api.post(`${path}/run`, undefined, key).expect(202);
    const again = await api.post(`${path}/run`, undefined, key).expect(202);
    const other = await api.post(`${path}/run`).expect(202);
    expect(again.body["task_id"]).toBe(first.body["task_id"]);
    expect(other.body["task_id"]).not.toBe(first.body["task_id"]);
  });

  it.each([
    ["skip", "SKIPPED"],
    ["queue", "PENDING"],
  ])("with overlap %s makes a %s task while the last one is not done", async (overlap, status) => {
    const api = await world.inNamespace();
    // It waits for a day, which is as long as work could take.
    const submission = await bucketIn(api, { delay: 86_400 });
    const schedule = await create(api, { submission, overlap });
    await clock.advanceBy(2 * HOUR_MS);
    const [first, second] = await tasksOf(api);
    expect(first).toMatchObject({ status: "PENDING", singleton_key: schedule.schedule_id });
    expect(second).toMatchObject({ status });
    await api.delete(`/v1/schedules/hourly`).expect(204);
  });

  it("shows why a firing made no task", async () => {
    const api = await world.inNamespace();
    const submission = await bucketIn(api);
    const schedule = await create(api, { submission: { ...submission, bucket_id: "gone" } });
    await clock.advanceBy(HOUR_MS);
    const after = await get(api, schedule.schedule_id);
    expect(after.last_error).toContain("not_found");
    const changed = await api
      .patch(`/v1/schedules/hourly`, { submission, cron: "30 * * * *" })
      .expect(200);
    expect(changed.body).toMatchObject({ cron: "30 * * * *" });
    await clock.advanceBy(HOUR_MS);
    expect((await get(api, schedule.schedule_id)).last_error).toBeNull();
    await api.delete(`/v1/schedules/hourly`).expect(204);
  });

  it("that was made while the queue was down fires all the same, once the queue is back", async () => {
    const api = await world.inNamespace();
    const submission = await bucketIn(api);
    const lift = world.stack.qstash.faults.add({
      phase: "before",
      match: ({ target }) => target.startsWith("/v2/schedules"),
      action: { kind: "refuse" },
    });
    await create(api, { submission });
    lift();
    await world.runMinuteCron(60_000);
    await clock.advanceBy(HOUR_MS);
    expect(await tasksOf(api)).toHaveLength(1);
    await api.delete(`/v1/schedules/hourly`).expect(204);
  });

  it("that is resumed while its pause is on the way to the queue fires, once cron has run", async () => {
    const api = await world.inNamespace();
    const schedule = await create(api, { submission: await bucketIn(api) });
    const path = `/v1/schedules/${schedule.schedule_id}`;
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const lift = world.stack.qstash.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "delete" && target.endsWith(schedule.schedule_id),
      action: { kind: "hold", until: held.promise },
      onAct: () => reached.resolve(),
    });
    const pausing = api.post(`${path}/pause`);
    await reached.promise;
    await api.post(`${path}/resume`).expect(200);
    held.resolve();
    await pausing;
    lift();
    await world.runMinuteCron(60_000);
    await clock.advanceBy(HOUR_MS);
    expect(await tasksOf(api)).toHaveLength(1);
    await api.delete(path).expect(204);
  });

  it("keeps to its time zone over a change of the clocks", async () => {
    const api = await world.inNamespace();
    const schedule = await create(api, {
      cron: "0 9 * * *",
      timezone: "Europe/Berlin",
      submission: await bucketIn(api),
    });
    const hours = schedule.next_times.map((time) =>
      new Intl.DateTimeFormat("en-GB", { hour: "2-digit", timeZone: "Europe/Berlin" }).format(
        new Date(time),
      ),
    );
    expect(new Set(hours)).toEqual(new Set(["09"]));
  });

  it.each([
    [{ cron: "61 * * * *" }, "cron"],
    [{ cron: "0 0 31 2 *" }, "cron"],
    [{ cron: "* * * * * *" }, "cron"],
    [{ cron: "0 0 L * *" }, "cron"],
    [{ timezone: "Mars/Olympus" }, "timezone"],
    [{ submission: { kind: "nothing" } }, "submission.kind"],
    [{ overlap: "replace" }, "overlap"],
    [{ every: "1h" }, "every"],
  ])("is checked: %j names %s", async (body, path) => {
    const api = await world.inNamespace();
    const answer = await api.post("/v1/schedules", {
      name: "x",
      cron: "0 * * * *",
      submission: await bucketIn(api),
      ...body,
    });
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path }] });
  });

  it("has a name of its own in its namespace, and can be listed, and is 404 once deleted", async () => {
    const api = await world.inNamespace();
    const submission = await bucketIn(api);
    await create(api, { submission, metadata: { team: "eng" } });
    const taken = await api.post("/v1/schedules", {
      name: "hourly",
      cron: "0 * * * *",
      submission,
    });
    expect(taken.body).toMatchObject({ status: 409, code: "name_taken" });
    const list = await api.post("/v1/schedules/list", { metadata: { team: "eng" } }).expect(200);
    expect(list.body["results"]).toHaveLength(1);
    await api.delete("/v1/schedules/hourly").expect(204);
    expect((await api.get("/v1/schedules/hourly")).status).toBe(404);
    await create(api, { submission });
    await api.delete("/v1/schedules/hourly").expect(204);
  });
});
