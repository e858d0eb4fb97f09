import { createHmac } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { outboundFetch } from "./outbound-fetch.ts";

const proxy = { url: "https://egress.example/v1", secret: "s".repeat(32) };
const now = () => new Date("2026-11-24T00:00:00.900Z");
const TARGET = "https://hooks.example.com/in";

function answering(status: number, headers: Record<string, string>, body: string | null = null) {
  const fetch = vi.fn((_url: string, _init: RequestInit) =>
    Promise.resolve(new Response(body, { status, headers })),
  );
  const send = () =>
    outboundFetch(proxy, { fetch, now })(TARGET, {
      method: "POST",
      headers: { "webhook-id": "evt_1" },
      body: "{}",
      redirect: "manual",
      signal: AbortSignal.timeout(1000),
    });
  return { fetch, send };
}

describe("a request to a URL that a caller chose", () => {
  test("without a proxy is fetched as it is", () => {
    const fetch = vi.fn(() => Promise.resolve(new Response()));
    expect(outboundFetch(null, { fetch, now })).toBe(fetch);
  });

  test("goes to the proxy whole, signed over time and body, and is let go by the same signal", async () => {
    const headers = { "waybill-egress-outcome": "answered", "waybill-egress-status": "200" };
    const { fetch, send } = answering(200, headers, "ok");
    expect(await (await send()).text()).toBe("ok");
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect(url).toBe(proxy.url);
    expect(init).toMatchObject({ method: "POST", redirect: "manual" });
    expect(init?.signal).toBeInstanceOf(AbortSignal);
    const body = typeof init?.body === "string" ? init.body : "";
    expect(JSON.parse(body)).toEqual({
      method: "POST",
      url: TARGET,
      headers: { "webhook-id": "evt_1" },
      body: "{}",
    });
    const sent = new Headers(init?.headers);
    expect(sent.get("waybill-egress-timestamp")).toBe("1795478400");
    expect(sent.get("waybill-egress-signature")).toBe(
      createHmac("sha256", proxy.secret).update(`1795478400.${body}`).digest("hex"),
    );
    // What is for the target alone is no header of the request to the proxy.
    expect(sent.has("webhook-id")).toBe(false);
  });

  test.each([204, 302, 410, 503])("has the target's status %d and Retry-After", async (status) => {
    const headers = {
      "waybill-egress-outcome": "answered",
      "waybill-egress-status": String(status),
      "retry-after": "9",
    };
    const response = await answering(200, headers, "text").send();
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe("9");
    expect(await response.text()).toBe(status === 204 ? "" : "text");
  });

  test.each([
    [403, { "waybill-egress-outcome": "refused" }, "not public", "refused", /refused.*not public/],
    [502, { "waybill-egress-outcome": "failed" }, "no answer", "failed", /^no answer$/],
    [401, {}, "who are you?", "failed", /^the egress proxy answered 401$/],
    [502, {}, "<html>a page of a balancer", "failed", /^the egress proxy answered 502$/],
    [200, {}, "not a proxy at all", "failed", /^the egress proxy answered 200$/],
    [200, { "waybill-egress-outcome": "answered" }, "", "failed", /no status/],
    [
      200,
      { "waybill-egress-outcome": "answered", "waybill-egress-status": "101" },
      "",
      "failed",
      /no status/,
    ],
  ] as const)("that the proxy answers %d %j rejects", async (status, headers, body, kind, says) => {
    await expect(answering(status, headers, body).send()).rejects.toMatchObject({
      name: "EgressError",
      kind,
      message: expect.stringMatching(says),
    });
  });
});
