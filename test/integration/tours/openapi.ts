import { createServer, type Server } from "node:http";
import { Validator } from "@seriousme/openapi-schema-validator";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { content } from "../../../src/content/index.ts";
import { TASK_TARGET } from "../../../src/engine/submissions/task-target.ts";
import { createApp } from "../../../src/http/app.ts";
import { createApi } from "../../support/api.ts";
import { createDescribedCalls } from "../../support/described-calls.ts";
import {
  clusters,
  events,
  external,
  kill,
  migrations,
  repair,
  schedules,
  taxonomies,
} from "../../support/described-tour.ts";
import { emptyBucket, sentence, untilEnded } from "../../support/fixtures.ts";
import { type Description, readDescription } from "../../support/openapi.ts";
import type { World } from "../../support/world.ts";
import { touredWorld } from "./toured-world.ts";

let world: World;
let receiver: Server;
let receiverUrl: string;
let document: Record<string, unknown>;
let api: Description;

beforeAll(async () => {
  receiver = createServer((_request, response) => response.end("ok"));
  const port = await getPort({ host: "127.0.0.1" });
  receiverUrl = `http://127.0.0.1:${port}/`;
  await new Promise<void>((resolve) => receiver.listen(port, "127.0.0.1", resolve));
  ({ world } = await touredWorld());
  document = (await world.api.get("/openapi.json").expect(200)).body;
  api = readDescription(document);
});
afterAll(() => receiver.close());

const { call, held, seen } = createDescribedCalls(() => api);

describe("/openapi.json", () => {
  it("is a valid OpenAPI 3.1 document", async () => {
    const validator = new Validator();
    expect(await validator.validate(document)).toMatchObject({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("describes every route of the app, and no other", () => {
    const app = createApp(
      () => {
        throw new Error("no request is made");
      },
      { ...content, targets: [TASK_TARGET, ...content.targets] },
    );
    const routes = app.routes
      .filter((route) => route.method !== "ALL" && !route.path.startsWith("/internal/"))
      .map((route) => `${route.method} ${route.path.replaceAll(/:(\w+)/g, "{$1}")}`)
      .filter((route) => route !== "GET /openapi.json");
    const described = api.operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  });

  it("gives each operation an id of its own, and a key to all but health checks and executors' reports", () => {
    const ids = api.operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of api.operations) {
      const scheme = operation.operationId === "reportTask" ? { token: [] } : { key: [] };
      expect(operation.security, path).toEqual(path.startsWith("/v1/") ? [scheme] : undefined);
    }
  });

  it("asks for X-Namespace exactly where a request without it is refused", async () => {
    for (const { method, path, operation } of api.operations) {
      if (!path.startsWith("/v1/") || operation.operationId === "reportTask") continue;
      const header = operation.parameters.find((one) => one.name === "X-Namespace");
      const concrete = path.replaceAll(/\{\w+\}/g, "none");
      const answer = await world.api.raw(method.toUpperCase(), concrete, null, {});
      const isRefused = answer.body["code"] === "namespace_required";
      // A list of tasks may name its namespaces in the body instead.
      const isEither = path === "/v1/tasks/list";
      expect(isRefused, `${method} ${path}`).toBe(header?.required === true || isEither);
    }
  });

  it("has examples that are as their schemas say", () => {
    let count = 0;
    for (const { path, method, operation } of api.operations) {
      const body = operation.requestBody?.["content"];
      if (typeof body !== "object" || body === null || !("application/json" in body)) continue;
      const media: unknown = body["application/json"];
      const pointer = ["paths", path, method, "requestBody", "content", "application/json"];
      const example =
        typeof media === "object" && media !== null && "example" in media ? media.example : null;
      expect(api.schemaFaults([...pointer, "schema"], example), `${method} ${path}`).toEqual([]);
      count += 1;
    }
    expect(count).toBeGreaterThan(15);
    const task = ["components", "schemas", "Task"];
    const { example } = z.looseObject({ example: z.unknown() }).parse(api.at(task));
    expect(api.schemaFaults(task, example)).toEqual([]);
  });
});

describe("the answers of a run", () => {
  it("are as described, for every operation of the API", async () => {
    const admin = world.api;
    await call(admin, "get", "/healthz", undefined, 200);
    await call(admin, "get", "/readyz", undefined, 200);
    await call(admin, "post", "/v1/namespaces", { name: "described" }, 201);
    await call(admin, "post", "/v1/namespaces/list", undefined, 200);
    await call(admin, "get", "/v1/namespaces/described", undefined, 200);
    const key = await call(
      admin,
      "post",
      "/v1/keys",
      { name: "a reader", namespaces: ["described"], expires_at: "2099-01-01T00:00:00.000Z" },
      201,
    );
    await call(admin, "post", "/v1/keys/list", {}, 200);
    await call(admin, "get", `/v1/keys/${String(key.body["key_id"])}`, undefined, 200);

    const caller = createApi(() => world.worker.url, String(key.body["key"]), "described");
    const webhook = await call(
      caller,
      "post",
      "/v1/webhooks",
      { url: receiverUrl, event_types: ["*"] },
      201,
    );
    const webhookPath = `/v1/webhooks/${String(webhook.body["webhook_id"])}`;
    await call(caller, "get", webhookPath, undefined, 200);
    await call(caller, "patch", webhookPath, { description: "the test's own" }, 200);
    await call(caller, "post", "/v1/webhooks/list", {}, 200);
    const signatures = { signatures: ["v1", "v1a"] };
    await call(caller, "post", `${webhookPath}/rotate-secret`, signatures, 200);
    await call(caller, "post", `${webhookPath}/pause`, undefined, 200);
    await call(caller, "post", `${webhookPath}/resume`, undefined, 200);
    const keySet = `/.well-known/jwks.json?webhook_id=${String(webhook.body["webhook_id"])}`;
    await call(admin, "get", keySet, undefined, 200);
    // What a paused endpoint doesn't get can be skipped.
    const paused = await caller.post("/v1/webhooks", { url: receiverUrl, event_types: ["*"] });
    const pausedPath = `/v1/webhooks/${String(paused.body["webhook_id"])}`;
    await call(caller, "patch", pausedPath, { status: "SUSPENDED" }, 200);

    await call(caller, "post", "/v1/buckets", { name: "b", metadata: { year: 1863 } }, 201);
    await call(caller, "get", "/v1/buckets/b", undefined, 200);
    await call(caller, "post", "/v1/buckets/list", { metadata: { year: 1863 } }, 200);
    await call(caller, "post", "/v1/collections", { name: "c" }, 201);
    await call(caller, "get", "/v1/collections/c", undefined, 200);
    await call(caller, "post", "/v1/collections/list", {}, 200);
    const objects = "/v1/buckets/b/objects";
    await call(caller, "post", objects, { key: "one", content: { text: sentence(1) } }, 201);
    await call(caller, "post", objects, { key: "two", content: { json: [sentence(2)] } }, 201);
    const many = { objects: [{ content: { text: sentence(3) } }, { content: {} }] };
    await call(caller, "post", `${objects}/batch`, many, 200);
    await call(caller, "get", `${objects}/one`, undefined, 200);
    await call(caller, "post", `${objects}/list`, undefined, 200);
    await call(caller, "delete", `${objects}/two`, undefined, 204);

    const batch = await call(
      caller,
      "post",
      "/v1/buckets/b/batches",
      { all: true, collection_id: "c" },
      201,
    );
    const batchPath = `/v1/buckets/b/batches/${String(batch.body["batch_id"])}`;
    await call(caller, "post", "/v1/buckets/b/batches/list", undefined, 200);
    const task = await call(caller, "post", `${batchPath}/submit`, undefined, 202);
    const taskPath = `/v1/tasks/${String(task.body["task_id"])}`;
    await untilEnded(caller, String(task.body["task_id"]));
    const polled = await call(caller, "get", taskPath, undefined, 200);
    const etag = polled.headers.get("ETag") ?? "";
    held("get", taskPath, await caller.get(taskPath, { "If-None-Match": etag }).expect(304));
    await world.runMinuteCron(60_000);
    await world.stack.qstash.idle();
    await call(caller, "get", `${taskPath}/history`, undefined, 200);
    await call(caller, "post", "/v1/tasks/list", { status: "COMPLETED" }, 200);
    await call(caller, "get", batchPath, undefined, 200);

    const deliveries = await call(caller, "post", `${webhookPath}/deliveries/list`, {}, 200);
    const delivery = /dlv_[0-9a-f]{32}/.exec(deliveries.text)?.[0] ?? "none";
    await call(caller, "post", "/v1/deliveries/list", { include_attempts: true }, 200);
    await call(caller, "get", `/v1/deliveries/${delivery}`, undefined, 200);
    await call(caller, "post", `/v1/deliveries/${delivery}/skip`, undefined, 409);
    const kept = await call(caller, "post", `${pausedPath}/deliveries/list`, {}, 200);
    const skipped = /dlv_[0-9a-f]{32}/.exec(kept.text)?.[0] ?? "none";
    await call(caller, "post", `/v1/deliveries/${skipped}/skip`, undefined, 200);
    await caller.delete(pausedPath).expect(204);
    const documents = "/v1/collections/c/documents";
    const listed = await call(
      caller,
      "post",
      `${documents}/list`,
      { limit: 1, return_vectors: true },
      200,
    );
    const documentId = /doc_[0-9a-f]{32}/.exec(listed.text)?.[0] ?? "none";
    await call(caller, "get", `${documents}/${documentId}?return_vectors=true`, undefined, 200);

    await call(caller, "post", taskPath.concat("/retry"), undefined, 409);
    const tour = { call, caller, world, receiverUrl };
    const parts = [repair, kill, events, external, schedules, clusters, taxonomies, migrations];
    for (const part of parts) await part(tour);
    for (const path of [
      batchPath,
      `${documents}/${documentId}`,
      "/v1/collections/c",
      webhookPath,
      `${objects}/one`,
    ]) {
      await call(caller, "delete", path, undefined, 204);
    }
    await emptyBucket(caller, objects);
    await call(caller, "delete", "/v1/buckets/b", undefined, 204);
    await call(admin, "delete", "/v1/namespaces/described", undefined, 204);
    await call(admin, "delete", `/v1/keys/${String(key.body["key_id"])}`, undefined, 204);

    const unseen = api.operations
      .map(({ operation }) => operation.operationId)
      // A stream has no end: `events-stream.test.ts` reads what it says.
      .filter((id) => id !== "streamEvents")
      .filter((id) => ![...seen].some((one) => one.startsWith(`${id} 2`)));
    expect(unseen).toEqual([]);
  });

  it("are as described when they are errors", async () => {
    const admin = world.api;
    const caller = await world.inNamespace("erring");
    const ofErring = { name: "r", namespaces: ["erring"] };
    const made = await call(admin, "post", "/v1/keys", ofErring, 201);
    const reader = caller.as({ key: String(made.body["key"]) });
    const bucket = { name: "b" };
    await call(caller, "post", "/v1/buckets", bucket, 201);
    await call(caller, "post", "/v1/buckets", bucket, 409);
    await call(caller, "post", "/v1/buckets", { nam: "b" }, 400);
    await call(caller, "post", "/v1/buckets/list", { cursor: "nonsense" }, 400);
    await call(caller, "get", "/v1/buckets/none", undefined, 404);
    await call(caller.as({ namespace: "none" }), "get", "/v1/buckets/b", undefined, 404);
    await call(caller.as({ key: "none" }), "get", "/v1/buckets/b", undefined, 401);
    await call(admin, "get", "/v1/buckets/b", undefined, 400);
    await call(reader, "post", "/v1/namespaces", { name: "more" }, 403);
    await call(reader, "delete", "/v1/namespaces/erring", undefined, 403);
    await call(admin, "delete", "/v1/namespaces/erring", undefined, 409);
    const raw = (body: string, type: string) =>
      caller.raw("POST", "/v1/buckets", body, { "Content-Type": type });
    held("post", "/v1/buckets", await raw("{", "application/json").expect(400));
    held("post", "/v1/buckets", await raw("{}", "text/plain").expect(415));
    const large = JSON.stringify({ name: "x".repeat(1_048_577) });
    held("post", "/v1/buckets", await raw(large, "application/json").expect(413));

    const lift = world.mongo.faults.add({
      phase: "before",
      match: () => true,
      action: { kind: "refuse" },
    });
    await call(caller, "post", "/v1/buckets/list", {}, 503);
    lift();
  });
});
