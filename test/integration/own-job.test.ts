import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { SubmissionsAnswer } from "../../src/contract/submission-target.ts";
import { EventPage } from "../../src/contract/logged-event.ts";
import { Task, TaskHistory } from "../../src/contract/task.ts";
import { drivenClock } from "../../local/qstash/clock.ts";
import { buildCustom, type CustomBundle } from "../support/custom-bundle.ts";
import { untilEnded } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

/** As `examples/own-job/count-words.ts` declares it. */
const COUNTED = { "texts.counted": z.object({ texts: z.int(), words: z.int() }) };

const clock = drivenClock(Date.now());
let bundle: CustomBundle;
let world: World;

beforeAll(async () => {
  bundle = await buildCustom({ file: "examples/own-job/worker.ts" });
  world = await startWorld({ clock, bundle: bundle.url, emits: COUNTED });
}, 120_000);
afterAll(async () => {
  await world.close();
  await bundle.remove();
});

const texts = Array.from({ length: 120 }, (_, index) => `text ${index} has five words`);

it("a job of the deployer's own runs without a resource, and its task is like any other", async () => {
  const api = await world.inNamespace();
  const request = { task_type: "count_words", input: { texts }, tags: ["own"] };
  const made = Task.parse((await api.post("/v1/tasks", request).expect(202)).body);
  expect(made).toMatchObject({ task_type: "count_words", status: "PENDING", tags: ["own"] });
  expect(made.inputs).toEqual([{ texts }]);
  const task = await untilEnded(api, made.task_id);
  expect(task).toMatchObject({
    status: "COMPLETED",
    outputs: [{ texts: 120, words: 600 }],
    progress: { completed: 120, total: 120, unit: "texts" },
  });
  const history = await api.get(`/v1/tasks/${task.task_id}/history`).expect(200);
  const { events } = TaskHistory.parse(history.body);
  expect(events.map(({ type }) => type)).toEqual([
    "task.created",
    "task.started",
    "texts.counted",
    "task.completed",
  ]);
});

it("its input is checked before the answer, and each wrong field is named", async () => {
  const api = await world.inNamespace();
  const request = { task_type: "count_words", input: { texts: ["a", 1], more: true } };
  const answer = await api.post("/v1/tasks", request).expect(400);
  expect(answer.body).toMatchObject({
    code: "invalid_request",
    errors: [{ path: "input.texts.1" }, { path: "input.more" }],
  });
});

it("a schedule and POST /v1/submissions submit it too, and an executor can't take its name", async () => {
  const api = await world.inNamespace();
  const submission = { kind: "task", task_type: "count_words", input: { texts: ["one two"] } };
  const many = await api.post("/v1/submissions", { submissions: [{ submission }] }).expect(200);
  const [row] = SubmissionsAnswer.parse(many.body).results;
  expect(await untilEnded(api, row?.task?.task_id ?? "")).toMatchObject({
    outputs: [{ words: 2 }],
  });
  const schedule = { name: "hourly", cron: "0 * * * *", submission };
  await api.post("/v1/schedules", schedule).expect(201);
  const fired = await api.post("/v1/schedules/hourly/run").expect(202);
  expect(await untilEnded(api, Task.parse(fired.body).task_id)).toMatchObject({
    status: "COMPLETED",
  });
  const executor = { executor_url: "https://executor.example/count" };
  await api.put("/v1/task-types/count_words", executor).expect(400);
});

it("one that was killed before it began can be retried, and then does its work", async () => {
  const api = await world.inNamespace();
  const request = { task_type: "count_words", input: { texts: ["one"] }, delay: 3600 };
  const made = Task.parse((await api.post("/v1/tasks", request).expect(202)).body);
  await api.post(`/v1/tasks/${made.task_id}/kill`).expect(202);
  expect(await untilEnded(api, made.task_id)).toMatchObject({ status: "CANCELED" });
  const again = await api.post(`/v1/tasks/${made.task_id}/retry`).expect(202);
  const retry = Task.parse(again.body);
  expect(retry.retry_of).toBe(made.task_id);
  expect(await untilEnded(api, retry.task_id)).toMatchObject({ outputs: [{ texts: 1, words: 1 }] });
});

it("an event that it declares is in the catalogue, can be subscribed to, and is its own to send", async () => {
  const api = await world.inNamespace();
  const known = await api.get("/v1/event-types/texts.counted").expect(200);
  expect(known.body).toMatchObject({ origin: "built_in", data_schema: { type: "object" } });
  await api.post("/v1/webhooks", { url: null, event_types: ["texts.*"] }).expect(201);
  await api.put("/v1/event-types/texts.counted", { schema: { type: "object" } }).expect(400);
  const request = { task_type: "count_words", input: { texts: ["one two three"] } };
  const made = Task.parse((await api.post("/v1/tasks", request).expect(202)).body);
  await untilEnded(api, made.task_id);
  await world.stack.qstash.idle();
  const logged = await api.post("/v1/events/list", { type: "texts.counted" }).expect(200);
  expect(EventPage.parse(logged.body).results).toMatchObject([
    { task_id: made.task_id, data: { texts: 1, words: 3 } },
  ]);
});
