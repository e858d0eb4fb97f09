import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { subscribe } from "../support/webhooks.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

let world: SharedWorld;
const receiver = new TestReceiver(() => Date.now());
beforeAll(async () => {
  world = await sharedWorld();
  await receiver.start();
});
afterAll(async () => {
  await receiver.close();
  await leaveSharedWorld();
});

const Thin = z.object({
  data: z.object({
    task: z.looseObject({ task_id: z.string(), task_type: z.string() }),
    links: z.object({ event: z.url(), task: z.url() }),
  }),
});

it("an event of a large task is sent thin, with links that lead to the whole", async () => {
  const api = await world.inNamespace();
  const type = { executor_url: receiver.url("/executor") };
  await api.put("/v1/task-types/gpu.train", type).expect(201);
  await subscribe(api, receiver.url("/thin"), { event_types: ["task.started"] });
  const input = { text: "日".repeat(20_000) };
  await api.post("/v1/tasks", { task_type: "gpu.train", input }).expect(202);
  await world.stack.qstash.idle();
  await world.runMinuteCron(15_000);
  await world.stack.qstash.idle();

  const [request] = receiver.at("/thin");
  const body = String(request?.body);
  expect(new TextEncoder().encode(body).byteLength).toBeLessThanOrEqual(20_000);
  const { task, links } = Thin.parse(JSON.parse(body)).data;
  expect(task).not.toHaveProperty("inputs");
  const eventId = String(request?.headers["webhook-id"]);
  expect(links.event).toBe(`${world.worker.url}/v1/events/${eventId}`);
  const whole = await api.get(links.task.slice(world.worker.url.length)).expect(200);
  expect(JSON.stringify(whole.body["inputs"])).toContain(input.text);
});
