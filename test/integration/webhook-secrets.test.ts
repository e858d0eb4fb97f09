import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { JsonWebKeySet, RotatedWebhook, Webhook } from "../../src/contract/webhook.ts";
import { type Received, TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { readPage } from "../support/page.ts";
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

type Headers = Readonly<Record<string, string>>;

const SIGNED_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

/** What a receiver looks at of the newest request to a path. */
function newest(path: string): { headers: Headers; body: string } {
  const request: Received | undefined = endpoint.at(path).at(-1);
  if (request === undefined) throw new Error(`nothing came to ${path}`);
  const headers = SIGNED_HEADERS.map((name) => [name, String(request.headers[name])]);
  return { headers: Object.fromEntries(headers), body: request.body };
}

const verifies = (secret: string | null, headers: Headers, body: string): boolean => {
  try {
    new Verifier(secret ?? "").verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

async function keySet(url: string): Promise<JsonWebKeySet> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return JsonWebKeySet.parse(await answer.json());
}

/** Whether one of the set's keys verifies one of the `v1a` signatures, as a receiver would ask. */
async function verifiesWithSet(set: JsonWebKeySet, headers: Headers, body: string) {
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const signatures = (headers["webhook-signature"] ?? "")
    .split(" ")
    .filter((one) => one.startsWith("v1a,"))
    .map((one) => Buffer.from(one.slice(4), "base64"));
  for (const jwk of set.keys) {
    const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["verify"]);
    for (const signature of signatures) {
      const bytes = new TextEncoder().encode(content);
      if (await crypto.subtle.verify("Ed25519", key, signature, bytes)) return true;
    }
  }
  return false;
}

type Verify = (...given: readonly string[]) => Promise<boolean>;

const Module = z.object({ verify: z.custom<Verify>((value) => typeof value === "function") });

/** The lines of docs/signatures.md that verify by the key set, as they stand there. */
async function documentedVerifier() {
  const [, lines = ""] = /```js\n(.*?)```/s.exec(await readPage("docs/signatures.md")) ?? [];
  const names = "jwksUrl, id, timestamp, signatureHeader, rawBody";
  const module = `export async function verify(${names}) {\n${lines}\n}`;
  const { verify } = Module.parse(
    await import(`data:text/javascript,${encodeURIComponent(module)}`),
  );
  return (url: string, headers: Headers, body: string) =>
    verify(url, ...SIGNED_HEADERS.map((name) => headers[name] ?? ""), body);
}

/** The text with each of its bytes changed in turn: the last bit of it. */
function* changedByOneByte(text: string): Generator<string> {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8((bytes[at] ?? 0) ^ 1, at);
    yield changed.toString("latin1");
  }
}

async function rotate(webhookId: string, request: object = {}, headers: Headers = {}) {
  const path = `/v1/webhooks/${webhookId}/rotate-secret`;
  const { body, headers: answered } = await api.post(path, request, headers).expect(200);
  expect(answered.get("Cache-Control")).toBe("no-store");
  return RotatedWebhook.parse(body);
}

describe("a delivery of the built worker", () => {
  it("verifies with standardwebhooks, and not after any one byte of it was changed", async () => {
    const { secret } = await subscribe(api, endpoint.url("/plain"));
    await completeTask(world, api);
    const { headers, body } = newest("/plain");
    expect(verifies(secret, headers, body)).toBe(true);
    for (const changed of changedByOneByte(body)) {
      expect(verifies(secret, headers, changed), changed).toBe(false);
    }
    const original = signatureIn(headers["webhook-signature"] ?? "");
    for (const name of SIGNED_HEADERS) {
      for (const changed of changedByOneByte(headers[name] ?? "")) {
        // The last digit of base64 has bits that say nothing.
        if (changed.startsWith("v1,") && signatureIn(changed).equals(original)) continue;
        expect(verifies(secret, { ...headers, [name]: changed }, body), changed).toBe(false);
      }
    }
  });

  it("verifies with either secret while one is rotated, and with the new one alone after", async () => {
    const { webhook_id, secret: first } = await subscribe(api, endpoint.url("/rotated"));
    const { secret: second, ...rotated } = await rotate(webhook_id);
    expect(rotated.secrets.map(({ expires_at }) => expires_at === null)).toEqual([true, false]);
    await completeTask(world, api);
    const during = newest("/rotated");
    expect(during.headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    for (const secret of [first, second]) {
      expect(verifies(secret, during.headers, during.body)).toBe(true);
      expect(verifies(secret, during.headers, `${during.body} `)).toBe(false);
    }
    const { secret: third } = await rotate(webhook_id, { overlap_seconds: 0 });
    await completeTask(world, api);
    const after = newest("/rotated");
    const accepted = [first, second, third].map((one) => verifies(one, after.headers, after.body));
    expect(accepted).toEqual([false, false, true]);
  });

  it("is signed with a secret of the caller's own", async () => {
    const own = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const made = await subscribe(api, endpoint.url("/own"), { secret: own });
    expect(made.secret).toBe(own);
    await completeTask(world, api);
    expect(verifies(own, newest("/own").headers, newest("/own").body)).toBe(true);
  });

  it("verifies by Ed25519 with the keys of its JWKS, and not after any one byte was changed", async () => {
    const request = { signatures: ["v1", "v1a"] };
    const made = await subscribe(api, endpoint.url("/ed25519"), request);
    await completeTask(world, api);
    const { headers, body } = newest("/ed25519");
    expect(verifies(made.secret, headers, body)).toBe(true);
    const set = await keySet(made.jwks_url);
    expect(set.keys).toHaveLength(1);
    expect(await verifiesWithSet(set, headers, body)).toBe(true);
    for (const changed of changedByOneByte(body)) {
      expect(await verifiesWithSet(set, headers, changed), changed).toBe(false);
    }
    const asDocumented = await documentedVerifier();
    expect(await asDocumented(made.jwks_url, headers, body)).toBe(true);
    expect(await asDocumented(made.jwks_url, headers, `${body} `)).toBe(false);
    const shown = made.secrets.find(({ scheme }) => scheme === "v1a");
    const raw = Buffer.from(set.keys[0]?.x ?? "", "base64url").toString("base64");
    expect(shown).toMatchObject({ public_key: `whpk_${raw}`, kid: set.keys[0]?.kid });
  });

  it("verifies with the old key set and with the new one while a key pair is rotated", async () => {
    const request = { signatures: ["v1", "v1a"] };
    const made = await subscribe(api, endpoint.url("/two-keys"), request);
    const old = await keySet(made.jwks_url);
    expect((await rotate(made.webhook_id, { signatures: ["v1a"] })).secret).toBeNull();
    const both = await keySet(made.jwks_url);
    expect(both.keys).toHaveLength(2);
    await completeTask(world, api);
    const { headers, body } = newest("/two-keys");
    const added = { keys: both.keys.filter(({ kid }) => kid !== old.keys[0]?.kid) };
    for (const set of [old, both, added]) {
      expect(await verifiesWithSet(set, headers, body)).toBe(true);
    }
  });
});

/** The bytes of a `v1,…`. */
function signatureIn(text: string): Buffer {
  return Buffer.from(text.slice(3), "base64");
}

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
