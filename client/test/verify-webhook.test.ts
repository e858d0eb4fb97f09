import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { newSecret, signatureHeaders } from "../../src/engine/webhooks/sign.ts";
import { WebhookVerificationError } from "../src/errors.ts";
import { verifyWebhook } from "../src/verify-webhook.ts";
import { errorOf } from "./support/fake.ts";

const secret = newSecret();
const at = new Date("2026-11-24T01:02:03.000Z");
const event = {
  type: "task.completed",
  timestamp: "2026-11-24T01:02:02.500Z",
  data: { namespace_id: "ns_1", sequence: 3, note: "größer ✓" },
};
const body = JSON.stringify(event);
const id = "evt_1";

const shifted = (ms: number) => new Date(at.getTime() + ms);

const signed = (secrets = [secret], text = body) =>
  signatureHeaders(secrets, { id, at, body: text });

/** An endpoint's Ed25519 key pair, as the service would have it, by WebCrypto alone. */
async function keyPair() {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no key pair");
  const raw = Buffer.from(await crypto.subtle.exportKey("raw", pair.publicKey));
  const sign = async (text = body, at_ = at) => {
    const timestamp = String(at_.getTime() / 1000);
    const content = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
    const signature = Buffer.from(
      await crypto.subtle.sign("Ed25519", pair.privateKey, content),
    ).toString("base64");
    return {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1a,${signature}`,
    };
  };
  const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url"), kid: "a", alg: "EdDSA" };
  return { sign, jwk, publicKey: `whpk_${raw.toString("base64")}` };
}

async function refusal(change: Partial<Parameters<typeof verifyWebhook>[0]>): Promise<string> {
  const options = { secret, headers: await signed(), body, now: at, ...change };
  const error = await errorOf(verifyWebhook(options));
  expect(error).toBeInstanceOf(WebhookVerificationError);
  expect(error).toMatchObject({ code: "invalid_webhook" });
  return String(error);
}

describe("a webhook", () => {
  it("signed by the service is answered as its event, with the id to tell it by", async () => {
    const headers = await signed();
    expect(await verifyWebhook({ secret, headers, body, now: at })).toEqual({ id, ...event });
  });

  it("signed by the standardwebhooks package is taken, and what the service signs it takes", async () => {
    const peer = new Webhook(secret);
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": String(at.getTime() / 1000),
      "webhook-signature": peer.sign(id, at, body),
    };
    expect(await verifyWebhook({ secret, headers, body, now: at })).toEqual({ id, ...event });
    const now = await signatureHeaders([secret], { id, at: new Date(), body });
    expect(peer.verify(body, now)).toEqual(event);
    expect(await verifyWebhook({ secret, headers: now, body })).toEqual({ id, ...event });
  });

  it.each([
    ["Headers", (headers: Record<string, string>) => new Headers(headers)],
    [
      "an object of any case and of lists",
      (headers: Record<string, string>) =>
        Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toUpperCase(), [v]])),
    ],
  ])("comes with headers as %s", async (_, form) => {
    const headers = form(await signed());
    expect(await verifyWebhook({ secret, headers, body, now: at })).toMatchObject({ id });
  });

  it.each([
    ["bytes", new TextEncoder().encode(body)],
    ["part of a buffer", new TextEncoder().encode(`xx${body}`).subarray(2)],
    ["a buffer", new TextEncoder().encode(body).buffer],
  ])("comes with its body as %s", async (_, bytes) => {
    const headers = await signed();
    expect(await verifyWebhook({ secret, headers, body: bytes, now: at })).toMatchObject({ id });
  });

  it("is taken when any of its signatures fits any of the secrets", async () => {
    const [old, next] = [newSecret(), newSecret()];
    const headers = await signed([old, next]);
    for (const one of [old, next, [newSecret(), next], [old, newSecret()]]) {
      expect(await verifyWebhook({ secret: one, headers, body, now: at })).toMatchObject({ id });
    }
    await refusal({ headers, secret: [newSecret(), newSecret()] });
  });

  it("with a signature of another kind beside a good one is taken; with that alone it is refused", async () => {
    const headers = await signed();
    const signature = headers["webhook-signature"] ?? "";
    const mixed = {
      ...headers,
      "webhook-signature": `v1a,AAAA v1,%% ${signature} v2,${signature}`,
    };
    expect(await verifyWebhook({ secret, headers: mixed, body, now: at })).toMatchObject({ id });
    const other = { ...headers, "webhook-signature": signature.replace("v1,", "v1a,") };
    expect(await refusal({ headers: other })).toContain("No signature");
  });

  it("that was changed by one byte, in body, id, time or signature, is refused", async () => {
    const headers = await signed();
    await refusal({ body: body.replace("3", "4") });
    await refusal({ body: `${body} ` });
    await refusal({ headers: { ...headers, "webhook-id": "evt_2" } });
    const later = String(at.getTime() / 1000 + 1);
    await refusal({ headers: { ...headers, "webhook-timestamp": later } });
    const signature = headers["webhook-signature"] ?? "";
    await refusal({ headers: { ...headers, "webhook-signature": signature.slice(0, -4) } });
  });

  it("is refused more than five minutes away from now, either way, or than the tolerance", async () => {
    const headers = await signed();
    for (const ms of [300_000, -300_000]) {
      expect(await verifyWebhook({ secret, headers, body, now: shifted(ms) })).toMatchObject({
        id,
      });
    }
    for (const ms of [300_001, -300_001])
      expect(await refusal({ now: shifted(ms) })).toContain("old");
    await refusal({ now: shifted(1001), tolerance: 1000 });
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])(
    "without the header %s is refused, and the header named",
    async (name) => {
      const { [name]: _, ...headers } = await signed();
      expect(await refusal({ headers })).toContain(name);
    },
  );

  it.each(["soon", "1e9", "-1", "0x10", ""])("of the time %j is refused", async (time) => {
    await refusal({ headers: { ...(await signed()), "webhook-timestamp": time } });
  });

  it.each(["x", "[]", "{}", '{"type":1,"timestamp":"","data":{}}'])(
    "whose signed body %j is no event is refused",
    async (text) => {
      expect(await refusal({ headers: await signed([secret], text), body: text })).toContain(
        "event",
      );
    },
  );

  it("says by its reason what is wrong with it", async () => {
    const headers = await signed();
    const reasonOf = async (change: object) => {
      const options = { secret, headers, body, now: at, ...change };
      const error = await errorOf(verifyWebhook(options));
      return error instanceof WebhookVerificationError ? error.reason : error;
    };
    expect(await reasonOf({ headers: {} })).toBe("bad_header");
    expect(await reasonOf({ headers: { ...headers, "webhook-timestamp": "x" } })).toBe(
      "bad_header",
    );
    expect(await reasonOf({ now: shifted(300_001) })).toBe("bad_time");
    expect(await reasonOf({ body: "{}" })).toBe("bad_signature");
    expect(await reasonOf({ headers: await signed([secret], "{}"), body: "{}" })).toBe("no_event");
  });

  it("signed with an endpoint's Ed25519 key is taken by its public key in either form", async () => {
    const { sign, jwk, publicKey } = await keyPair();
    const headers = await sign();
    const other = { kty: "RSA", n: "AQ", e: "AQAB" };
    for (const trust of [
      { secret: publicKey },
      { keys: { keys: [jwk] } },
      { keys: { keys: [other, (await keyPair()).jwk, jwk] } },
      { secret: [newSecret(), (await keyPair()).publicKey, publicKey] },
    ]) {
      const event_ = await verifyWebhook({ ...trust, headers, body, now: at });
      expect(event_).toEqual({ id, ...event });
    }
    for (const trust of [
      { secret: (await keyPair()).publicKey },
      { keys: { keys: [] } },
      { keys: { keys: [other] } },
    ]) {
      expect(await errorOf(verifyWebhook({ ...trust, headers, body, now: at }))).toMatchObject({
        reason: "bad_signature",
      });
    }
    await refusal({ secret: publicKey, headers, body: `${body} ` });
  });

  it("signed both ways is taken by either side of it, and neither stands for the other", async () => {
    const { sign, publicKey } = await keyPair();
    const v1 = await signed();
    const v1a = await sign();
    const signature = `${v1["webhook-signature"]} ${v1a["webhook-signature"]}`;
    const headers = { ...v1, "webhook-signature": signature };
    for (const one of [secret, publicKey]) {
      expect(await verifyWebhook({ secret: one, headers, body, now: at })).toMatchObject({ id });
    }
    const swapped = signature.replace("v1,", "v9,").replace("v1a,", "v1,").replace("v9,", "v1a,");
    await refusal({ headers: { ...headers, "webhook-signature": swapped } });
    await refusal({ secret: publicKey, headers: { ...headers, "webhook-signature": swapped } });
    // The public key is known to all: it must never be taken for a shared secret.
    const forged = await signed([publicKey.replace("whpk_", "whsec_")]);
    await refusal({ secret: publicKey, headers: forged });
  });

  it("by any one byte changed in body, id or time is refused, with either kind of key", async () => {
    const { sign, publicKey } = await keyPair();
    for (const [one, headers] of [
      [secret, await signed()],
      [publicKey, await sign()],
    ] as const) {
      const bytes = new TextEncoder().encode(body);
      for (let index = 0; index < bytes.length; index += 1) {
        const changed = bytes.map((byte, place) => (place === index ? byte ^ 1 : byte));
        await refusal({ secret: one, headers, body: changed });
      }
      for (const name of ["webhook-id", "webhook-timestamp"] as const) {
        const value = headers[name] ?? "";
        for (let index = 0; index < value.length; index += 1) {
          const flipped = String.fromCodePoint((value.codePointAt(index) ?? 0) ^ 1);
          const given = value.slice(0, index) + flipped + value.slice(index + 1);
          await refusal({ secret: one, headers: { ...headers, [name]: given } });
        }
      }
    }
  });

  it("among more signatures than a service makes is looked for in the first twenty", async () => {
    const headers = await signed();
    const many = (count: number) => "v1,AAAA ".repeat(count) + headers["webhook-signature"];
    const good = { ...headers, "webhook-signature": many(19) };
    expect(await verifyWebhook({ secret, headers: good, body, now: at })).toMatchObject({ id });
    await refusal({ headers: { ...headers, "webhook-signature": many(20) } });
  });

  it.each([[""], ["whsec_"], ["whsec_%%"], ["whpk_AAAA"], ["whpk_%%"], [[]]])(
    "needs a secret, which %j is not",
    async (wrong) => {
      const options = { secret: wrong, headers: await signed(), body, now: at };
      expect(await errorOf(verifyWebhook(options))).toBeInstanceOf(TypeError);
    },
  );
});
