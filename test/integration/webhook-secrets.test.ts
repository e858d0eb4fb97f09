import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JsonWebKeySet, RotatedWebhook, Webhook } from "../../src/contract/webhook.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { expectProblem } from "../support/problems.ts";
import { subscribe } from "../support/webhooks.ts";
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

type Headers = Readonly<Record<string, string>>;

async function keySet(url: string): Promise<JsonWebKeySet> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return JsonWebKeySet.parse(await answer.json());
}

async function rotate(webhookId: string, request: object = {}, headers: Headers = {}) {
  const path = `/v1/webhooks/${webhookId}/rotate-secret`;
  const { body, headers: answered } = await api.post(path, request, headers).expect(200);
  expect(answered.get("Cache-Control")).toBe("no-store");
  return RotatedWebhook.parse(body);
}

describe("a secret of the caller's own", () => {
  it("is answered as it was given, by the endpoint's making and by a rotation", async () => {
    const [first, second] = [7, 8].map(
      (byte) => `whsec_${Buffer.alloc(32, byte).toString("base64")}`,
    );
    const made = await subscribe(api, endpoint.url("/own"), { secret: first });
    expect(made.secret).toBe(first);
    expect((await rotate(made.webhook_id, { secret: second })).secret).toBe(second);
  });
});

describe("a rotation", () => {
  it("sent again with its Idempotency-Key is answered the same; with another body refused", async () => {
    const { webhook_id } = await subscribe(api, endpoint.url("/again"));
    const key = { "Idempotency-Key": "rotation-1" };
    const lost = await rotate(webhook_id, {}, key);
    expect(await rotate(webhook_id, {}, key)).toEqual(lost);
    const path = `/v1/webhooks/${webhook_id}/rotate-secret`;
    const other = await api.post(path, { overlap_seconds: 0 }, key);
    expectProblem(other, 422, "idempotency_key_reused");
  });

  it("takes no body for {}", async () => {
    const { webhook_id, secret } = await subscribe(api, endpoint.url("/bare"));
    const answer = await api.post(`/v1/webhooks/${webhook_id}/rotate-secret`).expect(200);
    expect(RotatedWebhook.parse(answer.body).secret).not.toBe(secret);
  });
});

describe("the key set", () => {
  it("is for everybody, may be kept for five minutes, and is empty for an endpoint without v1a", async () => {
    const { webhook_id, jwks_url } = await subscribe(api, endpoint.url("/set"));
    const answer = await fetch(jwks_url);
    expect(answer.headers.get("Cache-Control")).toBe("public, max-age=300");
    expect(await answer.json()).toEqual({ keys: [] });
    expect(jwks_url).toBe(`${world.worker.url}/.well-known/jwks.json?webhook_id=${webhook_id}`);
    const path = `/v1/webhooks/${webhook_id}`;
    const patched = await api.patch(path, { signatures: ["v1", "v1a"] }).expect(200);
    expect(Webhook.parse(patched.body).signatures).toEqual(["v1", "v1a"]);
    expect((await keySet(jwks_url)).keys[0]).toMatchObject({ kty: "OKP", crv: "Ed25519" });
    await api.patch(path, { signatures: ["v1"] }).expect(200);
    expect(await keySet(jwks_url)).toEqual({ keys: [] });
  });

  it("of the deployment is empty; of no endpoint it is not found, and other questions are refused", async () => {
    const url = `${world.worker.url}/.well-known/jwks.json`;
    expect(await keySet(url)).toEqual({ keys: [] });
    const statuses = await Promise.all(
      [`?webhook_id=whk_${"0".repeat(32)}`, "?webhook_id=x", "?kid=x"].map(
        async (query) => (await fetch(url + query)).status,
      ),
    );
    expect(statuses).toEqual([404, 400, 400]);
  });
});

it("no request of this file was an error of the worker's own", () => {
  expect(world.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect(world.logs.join("\n")).not.toMatch(/whsec_|whsk_/);
});
