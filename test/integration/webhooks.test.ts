import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { TaskHistory } from "../../src/contract/task.ts";
import { Webhook } from "../../src/contract/webhook.ts";
import { drivenClock } from "../../local/qstash/clock.ts";
import { type Received, TestReceiver } from "../contracts/qstash/receiver.ts";
import { expectProblem } from "../support/problems.ts";
import { completeTask, deliveriesTo, deliveryTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

// On a busy machine an attempt may take long; time must not go on without it.
const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startWorld({ clock });
  await endpoint.start();
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

const Payload = z.strictObject({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.looseObject({
    namespace_id: z.string(),
    sequence: z.int(),
    task: z.looseObject({ task_id: z.string(), status: z.string() }).optional(),
  }),
});

/** The payload as a receiver with the official library reads it: refused unless the signature is right. */
function verified(request: Received | undefined, secret: string): z.infer<typeof Payload> {
  const headers = Object.fromEntries(
    Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return Payload.parse(new Verifier(secret).verify(request?.body ?? "", headers));
}

const to = (name: string) => endpoint.url(`/filter/${name}`);
const got = (name: string) => endpoint.at(`/filter/${name}`).length;

describe("an endpoint", () => {
  it("is made, got, changed, listed and removed; only its making shows the secret", async () => {
    const api = await world.inNamespace();
    const made = await subscribe(api, "https://hooks.example.com/in", {
      event_types: ["task.*", "collection.documents.written"],
      description: "orders",
      headers: { Authorization: "Bearer abc" },
      metadata: { team: "shipping" },
    });
    expect(made.secret).toMatch(/^whsec_/);
    const path = `/v1/webhooks/${made.webhook_id}`;
    const read = await api.get(path).expect(200);
    expect(Webhook.strict().parse(read.body)).toMatchObject({ status: "ACTIVE", tags: [] });
    const changed = await api.patch(path, { description: null, status: "SUSPENDED" });
    expect(changed.body).toMatchObject({
      description: null,
      status: "SUSPENDED",
      status_reason: "paused by admin",
      suspended_by: "owner",
      metadata: { team: "shipping" },
    });
    const list = await api.post("/v1/webhooks/list", { status: "SUSPENDED" }).expect(200);
    expect(list.body["results"]).toEqual([changed.body]);
    for (const { text } of [read, changed, list]) {
      expect(text).not.toContain(made.secret);
      expect(text).not.toContain("Bearer abc");
      expect(text).toContain('"headers":{"Authorization":"********"}');
    }
    await api.delete(path).expect(204);
    for (const answer of [await api.get(path), await api.delete(path), await api.patch(path, {})]) {
      expectProblem(answer, 404, "not_found");
    }
  });

  it("gets each event of a task once, signed, in a gap-free sequence, with its own headers", async () => {
    const api = await world.inNamespace();
    const headers = { "X-Team": "shipping" };
    const url = endpoint.url("/all");
    const { webhook_id, secret } = await subscribe(api, url, { event_types: ["*"], headers });
    const taskId = await completeTask(world, api);
    const requests = endpoint.at("/all");
    const payloads = requests
      .map((request) => verified(request, secret))
      .toSorted((one, other) => one.data.sequence - other.data.sequence);
    expect(payloads.map(({ type, data }) => [type, data.sequence])).toEqual([
      ["task.created", 1],
      ["task.started", 2],
      ["collection.documents.written", 3],
      ["task.completed", 4],
    ]);
    expect(payloads.map(({ data }) => data.task?.task_id)).toEqual(Array(4).fill(taskId));
    expect(payloads.at(-1)?.data.task).toMatchObject({ status: "COMPLETED", error_message: null });
    for (const request of requests) {
      expect(request).toMatchObject({ method: "POST" });
      expect(request.headers).toMatchObject({
        "x-team": "shipping",
        "content-type": "application/json",
        "user-agent": "Waybill-Webhooks/1",
      });
      expect(() => verified(request, `whsec_${btoa("x".repeat(32))}`)).toThrow();
    }
    const deliveries = await deliveriesTo(api, webhook_id);
    expect(deliveries).toHaveLength(4);
    expect(new Set(deliveries.map(({ event_id }) => event_id))).toEqual(
      new Set(requests.map((request) => request.headers["webhook-id"])),
    );
    for (const delivery of deliveries) {
      expect(delivery).toMatchObject({
        status: "COMPLETED",
        attempt_count: 1,
        next_attempt_at: null,
        task_id: taskId,
        attempts: [{ attempt: 1, response_status: 200, error: null }],
      });
    }
    const history = await api.get(`/v1/tasks/${taskId}/history`).expect(200);
    expect(TaskHistory.parse(history.body).deliveries).toHaveLength(4);
  });

  it("gets only what it subscribed to: by type, by task type, by tag, in its namespace, while ACTIVE", async () => {
    const api = await world.inNamespace();
    const stranger = await world.inNamespace();
    await subscribe(api, to("ends"), { event_types: ["task.completed", "task.failed"] });
    await subscribe(api, to("pattern"), { event_types: ["collection.*"] });
    await subscribe(api, to("type"), { task_types: ["api_buckets_batches_process"] });
    await subscribe(api, to("other-type"), { task_types: ["engine_cluster_build"] });
    await subscribe(api, to("tag"), { tags: ["nightly"] });
    await subscribe(api, to("failures"), { event_types: ["task.failed"] });
    await subscribe(stranger, to("stranger"), { event_types: ["*"] });
    const paused = await subscribe(api, to("paused"));
    await api.patch(`/v1/webhooks/${paused.webhook_id}`, { status: "SUSPENDED" }).expect(200);
    await completeTask(world, api);
    expect({ ends: got("ends"), pattern: got("pattern"), type: got("type") }).toEqual({
      ends: 1,
      pattern: 1,
      type: 1,
    });
    for (const name of ["other-type", "tag", "failures", "stranger", "paused"]) {
      expect(got(name), name).toBe(0);
    }
    const [held] = await deliveriesTo(api, paused.webhook_id);
    expect(held).toMatchObject({ status: "PENDING", hold: "paused", next_attempt_at: null });
    await api.patch(`/v1/webhooks/${paused.webhook_id}`, { status: "ACTIVE" }).expect(200);
    await world.stack.qstash.idle();
    expect(got("paused")).toBe(1);
    await completeTask(world, api);
    expect(got("paused")).toBe(2);
  });

  it("that is removed keeps its deliveries to be read, and those on their way end there", async () => {
    const api = await world.inNamespace();
    endpoint.byPath({ "/leaving": 500 });
    const { webhook_id } = await subscribe(api, endpoint.url("/leaving"));
    await completeTask(world, api);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({ status: "PENDING" });
    await api.delete(`/v1/webhooks/${webhook_id}`).expect(204);
    await clock.advanceBy(10_000);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "FAILED",
      error_message: "the endpoint was removed",
      attempt_count: 1,
    });
    expect(endpoint.at("/leaving")).toHaveLength(1);
  });
});

describe("the deployment's own address", () => {
  it.each(["", "localhost", "[::1]"])(
    "can't be an endpoint's, nor by the name %j",
    async (name) => {
      const api = await world.inNamespace();
      const own = new URL("/v1/keys", world.worker.url);
      if (name !== "") own.hostname = name;
      const body = { url: own.href, event_types: ["*"] };
      const answer = expectProblem(await api.post("/v1/webhooks", body), 400, "invalid_request");
      expect(answer.detail).toBe("url: its host must not be one of this service's own");
    },
  );
});

describe("the list of deliveries", () => {
  it("is filtered by status, task, event, type, answer and time", async () => {
    const api = await world.inNamespace();
    let calls = 0;
    endpoint.answering = () => ({
      status: (calls += 1) === 1 ? 500 : 200,
      headers: { "X-Trace": `t${calls}`, "Set-Cookie": "session=secret" },
    });
    const { webhook_id } = await subscribe(api, endpoint.url("/listed"));
    const one = await completeTask(world, api);
    const two = await completeTask(world, api);
    const tasksBy = async (filter: object) =>
      (await deliveriesTo(api, webhook_id, filter)).map(({ task_id }) => task_id);
    expect(await tasksBy({})).toEqual([one, two]);
    expect(await tasksBy({ status: "PENDING" })).toEqual([one]);
    expect(await tasksBy({ status: ["COMPLETED", "FAILED"] })).toEqual([two]);
    expect(await tasksBy({ task_id: two })).toEqual([two]);
    expect(await tasksBy({ task_id: two, status: "PENDING" })).toEqual([]);
    expect(await tasksBy({ response_code: "5xx" })).toEqual([one]);
    expect(await tasksBy({ response_code: ["200", "none"] })).toEqual([two]);
    expect(await tasksBy({ event_type: "task.*" })).toEqual([one, two]);
    expect(await tasksBy({ event_type: "collection.*" })).toEqual([]);
    const [first] = await deliveriesTo(api, webhook_id);
    expect(await tasksBy({ event_id: first?.event_id })).toEqual([one]);
    expect(first?.attempts[0]?.response_headers).toMatchObject({ "x-trace": "t1" });
    expect(JSON.stringify(first)).not.toContain("secret");
    expect(await tasksBy({ created_at: { lt: "2020-01-01T00:00:00Z" } })).toEqual([]);
    await clock.advanceBy(10_000);
    expect(await tasksBy({ status: "COMPLETED" })).toEqual([one, two]);
    // What an attempt was answered stays to be found when the next one was answered well.
    expect(await tasksBy({ response_code: "500" })).toEqual([one]);
    expect(await tasksBy({ response_code: "2xx" })).toEqual([one, two]);
    const ofAll = { webhook_id, include_attempts: true, sort: "created_at" };
    const { body } = await api.post("/v1/deliveries/list", ofAll).expect(200);
    expect(body["results"]).toEqual(await deliveriesTo(api, webhook_id));
  });
});
