import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Webhook } from "../../src/contract/webhook.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { expectProblem } from "../support/problems.ts";
import { completeTask, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
let api: Api;
const endpoint = new TestReceiver(() => Date.now());
beforeAll(async () => {
  world = await startWorld();
  await endpoint.start();
  api = await world.inNamespace();
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

describe("custom headers", () => {
  it("are sent, shown masked, kept by a PATCH without them and replaced by one with them", async () => {
    const headers = { "X-Team": "shipping", Authorization: "Bearer s3cret" };
    const made = await subscribe(api, endpoint.url("/headers"), { headers });
    const mask = { "X-Team": "********", Authorization: "********" };
    expect(made.headers).toEqual(mask);
    const path = `/v1/webhooks/${made.webhook_id}`;
    const kept = await api.patch(path, { description: "kept" }).expect(200);
    expect(kept.body["headers"]).toEqual(mask);
    await completeTask(world, api);
    expect(endpoint.at("/headers").at(-1)?.headers).toMatchObject({
      "x-team": "shipping",
      authorization: "Bearer s3cret",
    });
    const refused = await api.patch(path, { headers: made.headers });
    expect(expectProblem(refused, 400, "invalid_request").detail).toContain("leave `headers` out");
    await api.patch(path, { headers: { "X-Team": "sales" } }).expect(200);
    await completeTask(world, api);
    const sent = endpoint.at("/headers").at(-1)?.headers;
    expect(sent?.["x-team"]).toBe("sales");
    expect(sent?.authorization).toBeUndefined();
    const list = await api.post("/v1/webhooks/list", {}).expect(200);
    expect(list.text).not.toMatch(/s3cret|sales|sealed/);
  });

  it("and secrets are plain in no message of the queue", async () => {
    const texts: string[] = [];
    world.stack.qstash.misbehaviours.add({
      kind: "duplicate",
      deliveries: 2,
      match: (_, body) => {
        texts.push(body.toString("utf8"));
        return false;
      },
    });
    const headers = { Authorization: "Bearer s3cret" };
    const { secret } = await subscribe(api, endpoint.url("/sealed"), { headers });
    await completeTask(world, api);
    expect(texts.some((text) => text.includes("sealed_headers"))).toBe(true);
    for (const text of texts) {
      expect(text).not.toContain("s3cret");
      expect(text).not.toContain(secret);
    }
  });
});

describe("an endpoint's life", () => {
  it("begins once for one Idempotency-Key, also when the requests come at once", async () => {
    const body = { url: endpoint.url("/once"), event_types: ["task.*"], headers: { "x-a": "1" } };
    const key = { "Idempotency-Key": "endpoint-1" };
    const create = (request: object = body) => api.post("/v1/webhooks", request, key);
    const made = await Promise.all(Array.from({ length: 5 }, () => create().expect(201)));
    const [first] = made;
    for (const answer of made) expect(answer.body).toEqual(first?.body);
    const other = await create({ ...body, event_types: ["*"] });
    expectProblem(other, 422, "idempotency_key_reused");
    const path = `/v1/webhooks/${String(first?.body["webhook_id"])}`;
    await api.post(`${path}/rotate-secret`, { overlap_seconds: 0 }).expect(200);
    const late = expectProblem(await create(), 422, "idempotency_key_reused");
    expect(late.detail).toContain("replaced since");
    await api.delete(path).expect(204);
    const anew = await create().expect(201);
    expect(anew.body["webhook_id"]).not.toBe(first?.body["webhook_id"]);
  });

  it("is paused and resumed by its owner, again and again, and ends with its removal", async () => {
    const made = await subscribe(api, endpoint.url("/life"), { metadata: { team: "a" } });
    const path = `/v1/webhooks/${made.webhook_id}`;
    expect(made).toMatchObject({ status: "ACTIVE", suspended_by: null, metadata: { team: "a" } });
    for (const verb of ["pause", "pause", "resume", "resume", "pause"]) {
      const { body } = await api.post(`${path}/${verb}`).expect(200);
      expect(Webhook.parse(body)).toMatchObject(
        verb === "pause"
          ? { status: "SUSPENDED", suspended_by: "owner", status_reason: "paused by admin" }
          : { status: "ACTIVE", suspended_by: null, status_reason: null },
      );
    }
    await api.delete(path).expect(204);
    for (const verb of ["pause", "resume", "rotate-secret"]) {
      expectProblem(await api.post(`${path}/${verb}`), 404, "not_found");
    }
    expect((await fetch(made.jwks_url)).status).toBe(404);
  });

  it("says that its failures suspended it, until its owner resumes it", async () => {
    endpoint.byPath({ "/gone": 410 });
    const { webhook_id } = await subscribe(api, endpoint.url("/gone"));
    await completeTask(world, api);
    const path = `/v1/webhooks/${webhook_id}`;
    const { body } = await api.get(path).expect(200);
    expect(Webhook.parse(body)).toMatchObject({ status: "SUSPENDED", suspended_by: "failure" });
    const resumed = await api.post(`${path}/resume`).expect(200);
    expect(resumed.body).toMatchObject({ status: "ACTIVE", suspended_by: null });
  });
});

it("no request of this file was an error of the worker's own", () => {
  expect(world.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect(world.logs.join("\n")).not.toMatch(/whsec_|whsk_|s3cret/);
});
