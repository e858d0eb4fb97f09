import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { WebhookVerificationError } from "../../client/src/errors.ts";
import { verifyWebhook, type VerifyWebhookOptions } from "../../client/src/verify-webhook.ts";
import { JsonWebKeySet, RotatedWebhook } from "../../src/contract/webhook.ts";
import { type Received, TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { readPage } from "../support/page.ts";
import { completeTask, subscribe } from "../support/webhooks.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

/** Both libraries as npm has them; each throws at what it doesn't trust. */
const VERIFIERS = { standardwebhooks: StandardWebhook, svix: SvixWebhook } as const;

const SIGNED_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

let world: SharedWorld;
let api: Api;
let secret: string;
let requests: readonly Received[];
const endpoint = new TestReceiver(Date.now);
beforeAll(async () => {
  world = await sharedWorld();
  await endpoint.start();
  api = await world.inNamespace();
  ({ secret } = await subscribe(api, endpoint.url("/in"), { event_types: ["*"] }));
  await completeTask(world, api);
  requests = endpoint.at("/in");
});
afterAll(async () => {
  await endpoint.close();
  await leaveSharedWorld();
});

function headersOf(request: Received): Record<string, string> {
  return Object.fromEntries(
    SIGNED_HEADERS.map((name) => [name, String(request.headers[name] ?? "")]),
  );
}

/** The first request; the tests below change it byte by byte. */
function sample(): Received {
  const [request] = requests;
  if (request === undefined) throw new Error("nothing was delivered");
  return request;
}

/** The newest request to a path, after a task that caused one. */
async function delivered(path: string): Promise<Received> {
  await completeTask(world, api);
  const request = endpoint.at(path).at(-1);
  if (request === undefined) throw new Error(`nothing came to ${path}`);
  return request;
}

async function rotate(webhookId: string, request: object = {}) {
  const { body } = await api.post(`/v1/webhooks/${webhookId}/rotate-secret`, request).expect(200);
  return RotatedWebhook.parse(body);
}

describe.each(Object.entries(VERIFIERS))("for the package %s, unmodified", (name, Verifier) => {
  const accepts = (body: Buffer, headers: Record<string, string>, key = secret): boolean => {
    try {
      new Verifier(key).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  };

  it("every delivery of the built worker verifies, and reads as the JSON that was sent", () => {
    expect(requests.length).toBeGreaterThan(3);
    for (const request of requests) {
      const read = new Verifier(secret).verify(request.bytes, headersOf(request));
      expect(read).toEqual(JSON.parse(request.body));
    }
  });

  it("a delivery with any one byte of its body changed, left out or added is refused", () => {
    const { bytes } = sample();
    const headers = headersOf(sample());
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      expect(accepts(changed, headers), `byte ${at} changed`).toBe(false);
      expect(accepts(shorter, headers), `byte ${at} left out`).toBe(false);
    }
    expect(accepts(Buffer.concat([bytes, Buffer.from(" ")]), headers)).toBe(false);
    expect(accepts(bytes, headers)).toBe(true);
  });

  it.each(SIGNED_HEADERS)("a delivery with any one byte of %s changed is refused", (header) => {
    const { bytes } = sample();
    const headers = headersOf(sample());
    const value = Buffer.from(headers[header] ?? "");
    expect(value.length).toBeGreaterThan(9);
    for (let at = 0; at < value.length; at += 1) {
      const changed = Buffer.from(value);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const given = { ...headers, [header]: changed.toString("latin1") };
      expect(accepts(bytes, given), `byte ${at} of ${header}`).toBe(false);
    }
  });

  it("a delivery is refused by another secret, and without any of its headers", () => {
    const { bytes } = sample();
    const headers = headersOf(sample());
    expect(accepts(bytes, headers, `whsec_${btoa("x".repeat(32))}`)).toBe(false);
    for (const header of SIGNED_HEADERS) {
      const { [header]: _, ...rest } = headers;
      expect(accepts(bytes, rest), header).toBe(false);
    }
  });

  it("a delivery verifies with either secret while one is rotated, with the new one alone after", async () => {
    const path = `/rotated-for-${name}`;
    const { webhook_id, secret: first } = await subscribe(api, endpoint.url(path));
    const { secret: second } = await rotate(webhook_id);
    const during = await delivered(path);
    expect(during.headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    for (const one of [first, second]) {
      expect(accepts(during.bytes, headersOf(during), one ?? "")).toBe(true);
      const changed = Buffer.concat([during.bytes, Buffer.from(" ")]);
      expect(accepts(changed, headersOf(during), one ?? "")).toBe(false);
    }
    const { secret: third } = await rotate(webhook_id, { overlap_seconds: 0 });
    const after = await delivered(path);
    const accepted = [first, second, third].map((one) =>
      accepts(after.bytes, headersOf(after), one ?? ""),
    );
    expect(accepted).toEqual([false, false, true]);
  });

  it("a delivery is signed with a secret of the caller's own, beside an Ed25519 key too", async () => {
    const own = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const path = `/own-for-${name}`;
    await subscribe(api, endpoint.url(path), { secret: own, signatures: ["v1", "v1a"] });
    const request = await delivered(path);
    expect(accepts(request.bytes, headersOf(request), own)).toBe(true);
  });
});

async function keySet(url: string): Promise<JsonWebKeySet> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return JsonWebKeySet.parse(await answer.json());
}

/** Whether one of the set's keys verifies one of the `v1a` signatures, by WebCrypto alone. */
async function verifiesWithSet(
  set: JsonWebKeySet,
  headers: Record<string, string>,
  body: Buffer,
): Promise<boolean> {
  const content = Buffer.concat([
    Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`),
    body,
  ]);
  const signatures = (headers["webhook-signature"] ?? "")
    .split(" ")
    .filter((one) => one.startsWith("v1a,"))
    .map((one) => Buffer.from(one.slice(4), "base64"));
  for (const jwk of set.keys) {
    const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["verify"]);
    for (const signature of signatures) {
      if (await crypto.subtle.verify("Ed25519", key, signature, content)) return true;
    }
  }
  return false;
}

/** Whether the client takes a delivery, by keys or secrets that it is given. */
async function clientTakes(
  trusted: Pick<VerifyWebhookOptions, "keys" | "secret">,
  headers: Record<string, string>,
  body: Buffer,
): Promise<boolean> {
  try {
    const webhook = await verifyWebhook({ ...trusted, headers, body: new Uint8Array(body) });
    return webhook.id === headers["webhook-id"];
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
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
  return (url: string, headers: Record<string, string>, body: string) =>
    verify(url, ...SIGNED_HEADERS.map((name) => headers[name] ?? ""), body);
}

/** An endpoint with a key pair, its key set, and what came of a task. */
async function withKeys(path: string) {
  const made = await subscribe(api, endpoint.url(path), { signatures: ["v1", "v1a"] });
  const set = await keySet(made.jwks_url);
  const request = await delivered(path);
  return { made, set, body: request.bytes, headers: headersOf(request) };
}

const publicKeysOf = ({ secrets }: Pick<z.infer<typeof RotatedWebhook>, "secrets">) =>
  secrets.flatMap(({ public_key }) => (public_key === null ? [] : [public_key]));

describe("an Ed25519 signature of the built worker", () => {
  it("verifies by WebCrypto with the keys of the JWKS, and by the lines of docs/signatures.md", async () => {
    const { made, set, headers, body } = await withKeys("/ed25519");
    expect(set.keys).toHaveLength(1);
    expect(await verifiesWithSet(set, headers, body)).toBe(true);
    for (let at = 0; at < body.length; at += 1) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await verifiesWithSet(set, headers, changed), `byte ${at} changed`).toBe(false);
    }
    const asDocumented = await documentedVerifier();
    expect(await asDocumented(made.jwks_url, headers, body.toString())).toBe(true);
    expect(await asDocumented(made.jwks_url, headers, `${body.toString()} `)).toBe(false);
  });

  it("verifies by the client with the key set or with the public key, and not by another's", async () => {
    const { made, set, headers, body } = await withKeys("/client");
    const raw = Buffer.from(set.keys[0]?.x ?? "", "base64url").toString("base64");
    expect(publicKeysOf(made)).toEqual([`whpk_${raw}`]);
    const other = await withKeys("/client-other");
    for (const [ours, theirs] of [
      [{ keys: set }, { keys: other.set }],
      [{ secret: publicKeysOf(made) }, { secret: publicKeysOf(other.made) }],
    ] as const) {
      expect(await clientTakes(ours, headers, body)).toBe(true);
      expect(await clientTakes(theirs, headers, body)).toBe(false);
      expect(await clientTakes(ours, headers, Buffer.concat([body, Buffer.from(" ")]))).toBe(false);
    }
    expect(await clientTakes({ secret: made.secret ?? "" }, headers, body)).toBe(true);
  });

  it("verifies with the old keys and with the new ones while a pair is rotated, then with the new", async () => {
    const path = "/two-keys";
    const { made, set: old } = await withKeys(path);
    const rotated = await rotate(made.webhook_id, { signatures: ["v1a"] });
    expect(rotated.secret).toBeNull();
    const both = await keySet(made.jwks_url);
    expect(both.keys).toHaveLength(2);
    const added = { keys: both.keys.filter(({ kid }) => kid !== old.keys[0]?.kid) };
    const during = await delivered(path);
    for (const keys of [old, both, added]) {
      expect(await verifiesWithSet(keys, headersOf(during), during.bytes)).toBe(true);
      expect(await clientTakes({ keys }, headersOf(during), during.bytes)).toBe(true);
    }
    expect(publicKeysOf(rotated)).toHaveLength(2);
    for (const key of publicKeysOf(rotated)) {
      expect(await clientTakes({ secret: key }, headersOf(during), during.bytes)).toBe(true);
    }
    await rotate(made.webhook_id, { signatures: ["v1a"], overlap_seconds: 0 });
    const last = await keySet(made.jwks_url);
    expect(last.keys).toHaveLength(1);
    const after = await delivered(path);
    const accepted = [old, both, last].map((keys) =>
      clientTakes({ keys }, headersOf(after), after.bytes),
    );
    expect(await Promise.all(accepted)).toEqual([false, false, true]);
  });
});
