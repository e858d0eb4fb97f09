import { Webhook } from "standardwebhooks";
import { describe, expect, test, vi } from "vitest";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import { createEndpoint } from "../webhooks/endpoints/create-endpoint.ts";
import { requireUrl } from "../webhooks/endpoints/read-endpoints.ts";
import { rotateSecret } from "../webhooks/endpoints/rotate-secret.ts";
import { updateEndpoint } from "../webhooks/endpoints/update-endpoint.ts";
import { putTaskType } from "../executors/put-task-type.ts";
import type { NamespaceContext } from "../context.ts";
import { makeAttempt } from "../webhooks/attempt.ts";
import { sealedPartsOf } from "../webhooks/secrets.ts";
import { createEndpointStore } from "../../stores/mongo/webhooks.ts";
import { unseal } from "../../crypto/seal.ts";
import { reseal } from "./reseal.ts";

const unspent = () => false;

const NEXT = "f".repeat(64);

/** The same deployment with another key, and with or without the one before. */
function withKey(ctx: NamespaceContext, current: string, previous: string | null) {
  return { ...ctx, config: { ...ctx.config, sealingKeys: { current, previous } } };
}

/** An endpoint with headers and both schemes, sealed under the first key; and the same with the next. */
async function rotating() {
  const h = createHarness();
  const old = h.ctx.config.sealingKeys.current;
  const { webhook, secret } = await createEndpoint({
    ctx: h.ctx,
    input: {
      url: "https://hooks.example.com/in",
      event_types: ["*"],
      headers: { Authorization: "Bearer abc" },
      signatures: ["v1", "v1a"],
    },
  });
  return {
    h,
    id: webhook._id,
    secret,
    both: withKey(h.ctx, NEXT, old),
    only: withKey(h.ctx, NEXT, null),
  };
}

const runReseal = (ctx: NamespaceContext) => reseal(ctx, ctx.runtime.now(), unspent);

/** What an attempt made with these keys sends; null when nothing could be opened. */
async function attempted(h: Harness, ctx: NamespaceContext, id: string) {
  const webhook = await h.webhook(id);
  if (webhook === null) throw new Error("no endpoint");
  const { url, _id: webhook_id } = requireUrl(webhook);
  const { config, runtime } = ctx;
  const before = h.received.length;
  const sealed = sealedPartsOf(webhook, h.now());
  const target = { webhook_id, event_id: "evt_1", url, payload: "{}", ...sealed };
  await makeAttempt({ target, config, runtime, hosts: new Map() });
  return h.received[before] ?? null;
}

describe("resealing", () => {
  test("puts everything under the new key, after which the old one is needed no more", async () => {
    const { h, id, secret, both, only } = await rotating();
    h.setTime(new Date());
    const type = await putTaskType({
      ctx: h.ctx,
      input: { type: "gpu.train", request: TYPE },
    });
    expect(await attempted(h, only, id)).toBeNull();
    expect(await runReseal(both)).toEqual({ webhooks: 1, task_types: 1, failed: 0 });
    const request = await attempted(h, only, id);
    expect(request?.headers.get("authorization")).toBe("Bearer abc");
    expect(request?.headers.get("webhook-signature")).toMatch(/v1,.* v1a,/);
    new Webhook(secret).verify("{}", Object.fromEntries(request?.headers ?? []));
    const stored = await only.stores.taskTypes.find(only.namespace._id, "gpu.train");
    const opened = unseal(stored?.sealed_secret ?? "", only.config.sealingKeys, type.record._id);
    expect(await opened).toBe(type.secret);
    expect(await runReseal(both)).toEqual({ webhooks: 0, task_types: 0, failed: 0 });
  });

  test("asks the database nothing without a previous key, or with the same one twice", async () => {
    const { h, only } = await rotating();
    h.gateway.operations.length = 0;
    const same = withKey(h.ctx, NEXT, NEXT);
    for (const ctx of [only, same]) {
      expect(await runReseal(ctx)).toEqual({ webhooks: 0, task_types: 0, failed: 0 });
    }
    expect(h.gateway.operations).toEqual([]);
  });

  test("finds what an isolate of the old version still sealed with the old key", async () => {
    const { h, id, both, only } = await rotating();
    await runReseal(both);
    const headers = { "x-late": "1" };
    await updateEndpoint({ ctx: h.ctx, input: { webhookId: id, headers } });
    expect(await runReseal(both)).toMatchObject({ webhooks: 1 });
    expect((await attempted(h, only, id))?.headers.get("x-late")).toBe("1");
  });

  test.each([
    ["a rotation of the secret", 2],
    ["a change of the headers", 1],
  ])("does not undo %s that comes between its read and its write", async (what, secrets) => {
    const { h, id, both } = await rotating();
    const store = createEndpointStore(h.gateway);
    vi.spyOn(h.ctx.stores.webhooks, "reseal").mockImplementationOnce(async (...given) => {
      const input = { webhookId: id };
      if (secrets === 1) {
        await updateEndpoint({ ctx: both, input: { ...input, headers: { "x-new": "1" } } });
      } else {
        const request = { signatures: ["v1" as const], overlap_seconds: 60 };
        await rotateSecret({ ctx: both, input: { ...input, ...request, keyed: null } });
      }
      await store.reseal(...given);
    });
    await runReseal(both);
    const webhook = await h.webhook(id);
    expect(webhook?.secrets.filter(({ scheme }) => scheme === "v1")).toHaveLength(secrets);
    expect(webhook?.header_names, what).toEqual([secrets === 1 ? "x-new" : "Authorization"]);
    // What it left, the next run takes.
    expect(await runReseal(both)).toMatchObject({ webhooks: 1 });
    expect(await attempted(h, withKey(h.ctx, NEXT, null), id)).not.toBeNull();
  });

  test("is not held up by what can't be opened", async () => {
    const { h, id, both } = await rotating();
    await h.gateway.updateOne("webhooks", { _id: id }, { $set: { sealed_headers: null } });
    const broken = {
      $set: { "secrets.0.sealed": (await h.webhook(id))?.secrets[0]?.sealed + "A" },
    };
    await h.gateway.updateOne("webhooks", { _id: id }, broken);
    const input = { url: "https://hooks.example.com/in", event_types: ["*"] };
    await createEndpoint({ ctx: h.ctx, input });
    expect(await runReseal(both)).toEqual({ webhooks: 1, task_types: 0, failed: 1 });
  });

  test("drops secrets whose end has come", async () => {
    const { h, id, both } = await rotating();
    const input = { webhookId: id, overlap_seconds: 60, keyed: null };
    await rotateSecret({ ctx: h.ctx, input });
    h.advance(60_000);
    await runReseal(both);
    expect((await h.webhook(id))?.secrets).toHaveLength(2);
  });
});

const TYPE = {
  executor_url: "https://executor.example.com/",
  heartbeat_timeout: 60,
  max_attempts: 3,
  backoff: { base: 1, cap: 60 },
  queue_ttl: null,
  concurrency: null,
  killable: true,
};
