import { Webhook } from "standardwebhooks";
import { describe, expect, test, vi } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import { keyedBy } from "../../../../test/support/keyed.ts";
import { RotateSecretRequest } from "../../../contract/webhook.ts";
import { createEndpointStore } from "../../../stores/mongo/webhooks.ts";
import { unseal } from "../../../crypto/seal.ts";
import { inForce } from "../secrets.ts";
import { signatureHeaders } from "../sign.ts";
import { presentEndpoint } from "./present-endpoint.ts";
import { publicKeys } from "./read-endpoints.ts";
import { rotateSecret } from "./rotate-secret.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const body = '{"type":"task.completed"}';

/** A harness whose `now` is the real one, as the verifying library's is. */
async function subscribed() {
  const h = createHarness();
  h.setTime(new Date());
  const { webhook, secret } = await h.subscribe();
  const rotate = (request: Record<string, unknown> = {}, key: string | null = null) => {
    const keyed = key === null ? null : keyedBy(key, request);
    const input = { ...RotateSecretRequest.parse(request), webhookId: webhook._id, keyed };
    return rotateSecret({ ctx: h.ctx, input });
  };
  return { h, id: webhook._id, first: secret, rotate };
}

/** Which of these secrets a delivery of this moment verifies with. */
async function verifying(h: Harness, id: string, secrets: readonly (string | null)[]) {
  const webhook = await h.webhook(id);
  const { sealingKeys } = h.ctx.config;
  const valid = inForce(webhook?.secrets ?? [], h.now());
  const opened = await Promise.all(valid.map(({ sealed }) => unseal(sealed, sealingKeys, id)));
  const headers = await signatureHeaders(opened, { id: "evt_1", at: new Date(), body });
  return secrets.map((secret) => {
    try {
      new Webhook(secret ?? "").verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });
}

const keysOf = async (h: Harness, id: string) =>
  (await publicKeys({ ctx: h.ctx, input: { webhookId: id } })).keys.map(({ kid }) => kid);

describe("a rotation", () => {
  test("makes a new secret, and the old one signs beside it for a day", async () => {
    const { h, id, first, rotate } = await subscribed();
    const { secret, webhook } = await rotate();
    expect(secret).toMatch(/^whsec_/);
    expect(secret).not.toBe(first);
    expect(JSON.stringify(h.gateway.rows("webhooks"))).not.toContain(secret);
    expect(await verifying(h, id, [first, secret])).toEqual([true, true]);
    const end = new Date(h.now().getTime() + DAY_MS).toISOString();
    expect(presentEndpoint(h.ctx, webhook).secrets.map((one) => one.expires_at)).toEqual([
      null,
      end,
    ]);
    h.advance(DAY_MS - 1);
    expect(await verifying(h, id, [first, secret])).toEqual([true, true]);
    h.advance(1);
    expect(await verifying(h, id, [first, secret])).toEqual([false, true]);
  });

  test("without overlap ends a leaked secret at once, and keeps nothing of it", async () => {
    const { h, id, first, rotate } = await subscribed();
    const { secret, webhook } = await rotate({ overlap_seconds: 0 });
    expect(webhook.secrets).toHaveLength(1);
    expect(await verifying(h, id, [first, secret])).toEqual([false, true]);
  });

  test("done twice ends each secret at its own time, none later than it was to", async () => {
    const { h, id, first, rotate } = await subscribed();
    const second = await rotate();
    h.advance(HOUR_MS);
    const third = await rotate();
    const all = [first, second.secret, third.secret];
    expect(await verifying(h, id, all)).toEqual([true, true, true]);
    h.advance(DAY_MS - HOUR_MS);
    expect(await verifying(h, id, all)).toEqual([false, true, true]);
    h.advance(HOUR_MS);
    expect(await verifying(h, id, all)).toEqual([false, false, true]);
    expect((await rotate()).webhook.secrets).toHaveLength(2);
  });

  test("can end sooner what another gave a day", async () => {
    const { h, id, first, rotate } = await subscribed();
    const second = await rotate();
    const third = await rotate({ overlap_seconds: 60 });
    h.advance(60_000);
    const all = [first, second.secret, third.secret];
    expect(await verifying(h, id, all)).toEqual([false, false, true]);
  });

  test("has five secrets in force at most; the sixth waits, or ends them all", async () => {
    const { h, id, first, rotate } = await subscribed();
    for (let count = 2; count <= 5; count += 1) await rotate();
    const refused = { code: "invalid_request", fields: [{ path: "overlap_seconds" }] };
    await expect(rotate()).rejects.toMatchObject(refused);
    expect(await verifying(h, id, [first])).toEqual([true]);
    const { secret, webhook } = await rotate({ overlap_seconds: 0 });
    expect(webhook.secrets).toHaveLength(1);
    expect(await verifying(h, id, [first, secret])).toEqual([false, true]);
  });

  test("of another namespace's endpoint finds nothing", async () => {
    const { rotate } = await subscribed();
    const stranger = createHarness();
    const { webhook } = await rotate();
    await stranger.ctx.stores.webhooks.insert(webhook);
    const input = { overlap_seconds: 0, webhookId: webhook._id, keyed: null };
    await expect(rotateSecret({ ctx: stranger.ctx, input })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("a rotation whose answer was lost", () => {
  test("sent again with its key makes nothing new and shows the same secret", async () => {
    const { h, id, first, rotate } = await subscribed();
    const lost = await rotate({}, "key-1");
    h.advance(HOUR_MS);
    const again = await rotate({}, "key-1");
    expect(again.secret).toBe(lost.secret);
    expect(again.webhook.secrets).toEqual(lost.webhook.secrets);
    expect(await verifying(h, id, [first, again.secret])).toEqual([true, true]);
    expect((await rotate({}, "key-2")).secret).not.toBe(lost.secret);
  });

  test("sent again without a key leaves what receivers have in force as long as before", async () => {
    const { h, id, first, rotate } = await subscribed();
    await rotate();
    h.advance(1000);
    const { secret } = await rotate();
    h.advance(DAY_MS - 1001);
    expect(await verifying(h, id, [first, secret])).toEqual([true, true]);
  });

  test("with a secret of the caller's own is done once", async () => {
    const { rotate } = await subscribed();
    const own = `whsec_${btoa("o".repeat(32))}`;
    const lost = await rotate({ secret: own });
    const again = await rotate({ secret: own });
    expect([lost.secret, again.secret]).toEqual([own, own]);
    expect(again.webhook.secrets).toEqual(lost.webhook.secrets);
  });

  test("sent again with its key but another body is refused", async () => {
    const { rotate } = await subscribed();
    const reused = { code: "idempotency_key_reused" };
    await rotate({}, "key-1");
    await expect(rotate({ overlap_seconds: 0 }, "key-1")).rejects.toMatchObject(reused);
    await rotate({ secret: `whsec_${btoa("a".repeat(32))}` }, "key-2");
    const other = { secret: `whsec_${btoa("b".repeat(32))}` };
    await expect(rotate(other, "key-2")).rejects.toMatchObject(reused);
  });

  test("within the store is known by its nonce", async () => {
    const { h, rotate } = await subscribed();
    const store = createEndpointStore(h.gateway);
    // The first write is applied; its answer says that nothing matched, as a repeated one's does.
    vi.spyOn(h.ctx.stores.webhooks, "update").mockImplementationOnce(async (...given) => {
      await store.update(...given);
      return null;
    });
    const { webhook, secret } = await rotate();
    expect(webhook.secrets).toHaveLength(2);
    const [{ sealed } = { sealed: "" }] = webhook.secrets;
    expect(await unseal(sealed, h.ctx.config.sealingKeys, webhook._id)).toBe(secret);
  });
});

test("a secret that was replaced can't be brought again", async () => {
  const { first, rotate } = await subscribed();
  await rotate();
  await expect(rotate({ secret: first })).rejects.toMatchObject({
    code: "invalid_request",
    fields: [{ path: "secret" }],
  });
});

test("a secret that no sealing key opens any more can be replaced, also by the caller's own", async () => {
  const { h, id } = await subscribed();
  const sealingKeys = { current: "e".repeat(64), previous: null };
  const ctx = { ...h.ctx, config: { ...h.ctx.config, sealingKeys } };
  const own = `whsec_${btoa("o".repeat(32))}`;
  const input = { webhookId: id, secret: own, overlap_seconds: 0, keyed: null };
  const { webhook, secret } = await rotateSecret({ ctx, input });
  expect(secret).toBe(own);
  expect(webhook.secrets).toHaveLength(1);
});

test("of two rotations at once neither loses the other's secret", async () => {
  const { h, id, first, rotate } = await subscribed();
  const made = await Promise.all([rotate(), rotate()]);
  const all = [first, ...made.map(({ secret }) => secret)];
  expect(await verifying(h, id, all)).toEqual([true, true, true]);
});

describe("a key pair", () => {
  test("is made and dropped by an update, once each, and leaves the secret as it is", async () => {
    const { h, id, first, rotate } = await subscribed();
    const update = (signatures: ("v1" | "v1a")[]) =>
      updateEndpoint({ ctx: h.ctx, input: { webhookId: id, signatures } });
    const made = await update(["v1", "v1a"]);
    expect(presentEndpoint(h.ctx, made)).toMatchObject({
      signatures: ["v1", "v1a"],
      secrets: [
        { scheme: "v1a", public_key: expect.stringMatching(/^whpk_/) },
        { scheme: "v1", public_key: null, kid: null },
      ],
    });
    expect((await update(["v1a", "v1"])).secrets).toEqual(made.secrets);
    expect(await keysOf(h, id)).toHaveLength(1);
    expect(await verifying(h, id, [first])).toEqual([true]);
    await update(["v1"]);
    expect(await keysOf(h, id)).toEqual([]);
    expect((await rotate()).webhook.secrets).toHaveLength(2);
  });

  test("begins with a rotation that names it, and is rotated with the secret or alone", async () => {
    const { h, id, first, rotate } = await subscribed();
    expect((await rotate({ signatures: ["v1a"] })).secret).toBeNull();
    const [one] = await keysOf(h, id);
    expect(await verifying(h, id, [first])).toEqual([true]);
    expect((await rotate()).secret).toMatch(/^whsec_/);
    const both = await keysOf(h, id);
    expect(both).toHaveLength(2);
    expect(both[1]).toBe(one);
    h.advance(DAY_MS);
    expect(await keysOf(h, id)).toEqual([both[0]]);
    const secrets = (await h.webhook(id))?.secrets.filter(({ scheme }) => scheme === "v1");
    await rotate({ signatures: ["v1a"], overlap_seconds: 0 });
    expect((await h.webhook(id))?.secrets.filter(({ scheme }) => scheme === "v1")).toEqual(
      secrets?.slice(0, 1),
    );
  });

  test("is never shown whole", async () => {
    const { h, id, rotate } = await subscribed();
    const { webhook } = await rotate({ signatures: ["v1a"] });
    const shown = JSON.stringify([presentEndpoint(h.ctx, webhook), await keysOf(h, id)]);
    expect(shown).not.toMatch(/whsk_|s2\./);
    expect(JSON.stringify(h.gateway.rows("webhooks"))).not.toContain("whsk_");
  });

  test("of an endpoint that isn't there is not found; without one there are none", async () => {
    const { h } = await subscribed();
    await expect(keysOf(h, "whk_0")).rejects.toMatchObject({ code: "not_found" });
    expect(await publicKeys({ ctx: h.ctx, input: { webhookId: undefined } })).toEqual({ keys: [] });
  });
});
