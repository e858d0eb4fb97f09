import { describe, expect, test } from "vitest";
import { createHarness } from "../../../../test/webhooks/harness.ts";
import { unsealHeaders } from "../custom-headers.ts";
import { unseal } from "../../../crypto/seal.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { updateEndpoint } from "./update-endpoint.ts";

describe("a new endpoint", () => {
  test("stores its secret sealed, and shows it this once", async () => {
    const h = createHarness();
    const { webhook, secret } = await h.subscribe();
    expect(JSON.stringify(h.gateway.rows("webhooks"))).not.toContain(secret);
    const [{ sealed } = { sealed: "" }] = webhook.secrets;
    expect(await unseal(sealed, h.ctx.config.sealingKeys, webhook._id)).toBe(secret);
  });

  test("stores the values of its headers sealed, and readable their names alone", async () => {
    const h = createHarness();
    const headers = { Authorization: "Bearer abc" };
    const input = { url: "https://hooks.example.com/in", event_types: ["*"], headers };
    const { webhook } = await createEndpoint({ ctx: h.ctx, input });
    expect(webhook.header_names).toEqual(["Authorization"]);
    expect(JSON.stringify(h.gateway.rows("webhooks"))).not.toContain("Bearer abc");
    const { sealingKeys } = h.ctx.config;
    expect(await unsealHeaders(webhook.sealed_headers, sealingKeys, webhook._id)).toEqual(headers);
  });

  test("takes a secret of the caller's own", async () => {
    const { ctx } = createHarness();
    const own = `whsec_${btoa("o".repeat(24))}`;
    const input = { url: "https://hooks.example.com/in", event_types: ["*"], secret: own };
    expect((await createEndpoint({ ctx, input })).secret).toBe(own);
  });

  test("may not be at a private address, nor be moved to one", async () => {
    const h = createHarness();
    const refused = { code: "invalid_request", fields: [{ path: "url" }] };
    const url = "https://169.254.169.254/latest";
    const input = { url, event_types: ["*"] };
    await expect(createEndpoint({ ctx: h.ctx, input })).rejects.toMatchObject(refused);
    const { webhook } = await h.subscribe();
    await expect(
      updateEndpoint({ ctx: h.ctx, input: { webhookId: webhook._id, url } }),
    ).rejects.toMatchObject(refused);
  });

  test("may be on loopback by http in development only", async () => {
    const input = { url: "http://127.0.0.1:9999/in", event_types: ["*"] };
    const { ctx } = createHarness({ allowLoopback: true });
    expect((await createEndpoint({ ctx, input })).webhook.status).toBe("ACTIVE");
    await expect(createEndpoint({ ctx: createHarness().ctx, input })).rejects.toThrow(/https/);
  });
});

test("an endpoint of another namespace is not found", async () => {
  const h = createHarness();
  const { webhook } = await createHarness().subscribe();
  await h.ctx.stores.webhooks.insert(webhook);
  await expect(
    updateEndpoint({ ctx: h.ctx, input: { webhookId: webhook._id, description: "mine" } }),
  ).rejects.toMatchObject({ code: "not_found" });
});
