import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { INTERNAL_PATHS } from "../../src/ports/queue.ts";
import { type Received, TestReceiver } from "../contracts/qstash/receiver.ts";
import { startExecutor } from "../support/executor.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { completeTask, deliveriesTo, subscribe } from "../support/webhooks.ts";
import { startKillableWorld, type KillableWorld } from "../support/world.ts";

const OLD = "a".repeat(64);
const NEW = "b".repeat(64);

const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
/** What the worker is started with, each time. */
const vars: Record<string, string> = { SEALING_KEY: OLD };
let world: KillableWorld;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startKillableWorld({ clock, vars });
  await endpoint.start();
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

let heldPaths = 0;

/** Starts the worker anew with these sealing keys, as a deployment does. */
async function deploy(current: string, previous: string | null): Promise<void> {
  delete vars["SEALING_KEY_PREVIOUS"];
  Object.assign(vars, { SEALING_KEY: current });
  if (previous !== null) vars["SEALING_KEY_PREVIOUS"] = previous;
  await world.restartWorker();
}

function verified(request: Received, secret: string): void {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  new Verifier(secret).verify(request.body, headers);
  expect(request.headers["x-own"]).toBe("s3cret");
}

it("the sealing key is rotated in three deployments, and no delivery is lost or needs another attempt", async () => {
  const api = await world.inNamespace();
  const headers = { "X-Own": "s3cret" };
  const made = await subscribe(api, endpoint.url("/in"), { headers });
  // Its first attempt fails under the old key; the second is made under the new one.
  const failing = await subscribe(api, endpoint.url("/failing"), { headers });
  endpoint.byPath({ "/failing": 500 });
  await completeTask(world, api);

  await deploy(OLD, NEW);
  await completeTask(world, api);
  await deploy(NEW, OLD);
  endpoint.always(200);
  await clock.advanceBy(10_000);
  await completeTask(world, api);
  await world.runMinuteCron();
  await deploy(NEW, null);
  await completeTask(world, api);

  const requests = endpoint.at("/in");
  expect(requests).toHaveLength(4);
  for (const request of requests) verified(request, made.secret);
  for (const request of endpoint.at("/failing")) verified(request, failing.secret);
  const deliveries = await deliveriesTo(api, made.webhook_id);
  expect(deliveries.map(({ status }) => status)).toEqual(Array(4).fill("COMPLETED"));
  expect(deliveries.map(({ attempt_count }) => attempt_count)).toEqual(Array(4).fill(1));
  const retried = await deliveriesTo(api, failing.webhook_id);
  expect(retried.map(({ status }) => status)).toEqual(Array(4).fill("COMPLETED"));
});

it.each([
  ["sealed before the swap and delivered after it", [OLD, NEW], [NEW, OLD]],
  ["sealed by the new version and delivered by the old one", [NEW, OLD], [OLD, NEW]],
] as const)("a first attempt whose message was %s needs no other", async (_, sealer, deliverer) => {
  const api = await world.inNamespace();
  await deploy(...sealer);
  const headers = { "X-Own": "s3cret" };
  const path = `/held-${(heldPaths += 1)}`;
  const { webhook_id, secret } = await subscribe(api, endpoint.url(path), { headers });
  world.stack.qstash.misbehaviours.add({
    kind: "reorder",
    after: Number.MAX_SAFE_INTEGER,
    match: ({ target }) => target.endsWith(INTERNAL_PATHS.delivery),
  });
  const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
  await untilEnded(api, task_id);
  await vi.waitFor(async () => expect(await deliveriesTo(api, webhook_id)).toHaveLength(1));
  await deploy(...deliverer);
  expect(endpoint.at(path)).toHaveLength(0);
  world.stack.qstash.misbehaviours.clear();
  await world.stack.qstash.idle();
  for (const request of endpoint.at(path)) verified(request, secret);
  const [delivery] = await deliveriesTo(api, webhook_id);
  expect(delivery).toMatchObject({ status: "COMPLETED", attempt_count: 1 });
});

it("an attempt that meets a key which is not set fails, is logged, and is made again when it is", async () => {
  const api = await world.inNamespace();
  await deploy(NEW, null);
  const { webhook_id, secret } = await subscribe(api, endpoint.url("/late"), {
    headers: { "X-Own": "s3cret" },
  });
  await deploy(OLD, null);
  await completeTask(world, api);
  expect(endpoint.at("/late")).toHaveLength(0);
  const [delivery] = await deliveriesTo(api, webhook_id);
  expect(delivery).toMatchObject({
    status: "PENDING",
    attempts: [{ error: "what is sealed can't be opened with these sealing keys" }],
  });
  await deploy(OLD, NEW);
  await clock.advanceBy(10_000);
  expect(endpoint.at("/late")).toHaveLength(1);
  for (const request of endpoint.at("/late")) verified(request, secret);
});

it("an executor that took a task before the rotation reports after it", async () => {
  const api = await world.inNamespace();
  const executor = await startExecutor();
  await deploy(OLD, null);
  const type = await api.put("/v1/task-types/gpu.train", { executor_url: executor.url });
  executor.secret = String(type.body["secret"]);
  const jobOf = (id: string) => executor.jobs.find(({ task }) => task.task_id === id);
  const run = async () => {
    const task = await api.post("/v1/tasks", { task_type: "gpu.train", input: {} }).expect(202);
    const id = String(task.body["task_id"]);
    // IN_PROGRESS is written before the job is posted.
    await vi.waitFor(() => expect(jobOf(id)).toBeDefined());
    await world.stack.qstash.idle();
    return id;
  };
  const report = async (id: string) => {
    const reporter = world.api.as({ key: jobOf(id)?.token ?? "" });
    return reporter.patch(`/v1/tasks/${id}`, { status: "COMPLETED" });
  };
  const [before, late] = [await run(), await run()];
  await deploy(NEW, OLD);
  await world.runMinuteCron();
  const after = await run();
  await deploy(NEW, OLD);
  expect((await report(before)).body).toMatchObject({ status: "COMPLETED" });
  await deploy(NEW, null);
  expect((await report(after)).body).toMatchObject({ status: "COMPLETED" });
  expect((await report(late)).status).toBe(401);
  await executor.close();
});
