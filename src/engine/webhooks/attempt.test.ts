import { Webhook } from "standardwebhooks";
import { describe, expect, test, vi } from "vitest";
import { type AttemptTarget, judge, makeAttempt, RESPONSE_LIMIT_BYTES } from "./attempt.ts";
import { sealHeaders } from "./custom-headers.ts";
import { seal } from "../../crypto/seal.ts";
import { newSecret } from "./sign.ts";

const sealingKeys = { current: "0123456789abcdef".repeat(4), previous: null };
const secret = newSecret();

const PAYLOAD = '{"type":"task.created"}';

async function targetOf(change: Partial<AttemptTarget> = {}): Promise<AttemptTarget> {
  const headers = { Authorization: "Bearer abc", "Content-Type": "text/plain" };
  const { sealed_headers } = await sealHeaders(headers, sealingKeys, "whk_1");
  return {
    webhook_id: "whk_1",
    event_id: "evt_1",
    url: "https://hooks.example.com/in",
    sealed_headers,
    sealed_secrets: [await seal(secret, sealingKeys, "whk_1")],
    payload: PAYLOAD,
    ...change,
  };
}

async function attemptWith(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  change: Partial<AttemptTarget> = {},
) {
  const at = new Date();
  return makeAttempt({
    target: await targetOf(change),
    config: {
      sealingKeys,
      allowLoopback: false,
      ownHosts: [],
      dnsResolverUrl: null,
      egressProxy: null,
    },
    runtime: { fetch, now: () => at, log: () => undefined },
    hosts: new Map(),
  });
}

const answering = (answer: () => Response) => attemptWith(() => Promise.resolve(answer()));

describe("an attempt", () => {
  test("posts the payload signed, with the endpoint's headers but never over its own", async () => {
    const fetch = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response("ok")));
    const result = await attemptWith(fetch);
    expect(judge(result)).toBe("delivered");
    const [url, init] = fetch.mock.calls[0] ?? [];
    const headers = new Headers(init?.headers);
    expect(url).toBe("https://hooks.example.com/in");
    expect(init).toMatchObject({ method: "POST", redirect: "manual", body: PAYLOAD });
    expect(init?.signal).toBeInstanceOf(AbortSignal);
    expect(headers.get("authorization")).toBe("Bearer abc");
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("webhook-id")).toBe("evt_1");
    new Webhook(secret).verify(PAYLOAD, Object.fromEntries(headers));
  });

  test.each([
    [200, "delivered"],
    [204, "delivered"],
    [301, "failed"],
    [400, "failed"],
    [404, "failed"],
    [410, "gone"],
    [429, "failed"],
    [500, "failed"],
  ])("answered %d is %s", async (status, verdict) => {
    expect(judge(await answering(() => new Response(null, { status })))).toBe(verdict);
  });

  test("sends nothing to an address that is refused", async () => {
    const fetch = vi.fn(() => Promise.resolve(new Response()));
    const result = await attemptWith(fetch, { url: "https://169.254.169.254/" });
    expect(fetch).not.toHaveBeenCalled();
    expect(result.error).toMatch(/refused/);
  });

  test.each([
    ["a secret of an unknown form", { sealed_secrets: ["s1.AAAA"] }],
    ["headers of an unknown form", { sealed_headers: "s1.AAAA" }],
    ["what is sealed for another endpoint", { webhook_id: "whk_2" }],
  ])("sends nothing when it can't open %s", async (_, change) => {
    const fetch = vi.fn(() => Promise.resolve(new Response()));
    const result = await attemptWith(fetch, change);
    expect(fetch).not.toHaveBeenCalled();
    expect(result.error).toMatch(/sealing key/);
  });

  test("takes headers for no secret, and a secret for no headers", async () => {
    const fetch = vi.fn(() => Promise.resolve(new Response()));
    const { sealed_headers, sealed_secrets } = await targetOf();
    await attemptWith(fetch, { sealed_secrets: [sealed_headers ?? ""] });
    await attemptWith(fetch, { sealed_headers: sealed_secrets[0] ?? "" });
    expect(fetch).not.toHaveBeenCalled();
  });

  test("that times out or can't connect is a failure that says so", async () => {
    const late = await attemptWith(() => Promise.reject(new DOMException("…", "TimeoutError")));
    expect(late).toMatchObject({ error: "no answer within 15 s", responseStatus: null });
    const refused = await attemptWith(() => Promise.reject(new Error("connection refused")));
    expect(refused.error).toBe("connection refused");
  });

  test("keeps 4 KiB of an endless answer and cancels the rest", async () => {
    const canceled = vi.fn();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("é".repeat(700))),
      cancel: canceled,
    });
    const result = await answering(() => new Response(endless, { status: 500 }));
    expect(new TextEncoder().encode(result.responseBody ?? "").length).toBe(RESPONSE_LIMIT_BYTES);
    expect(canceled).toHaveBeenCalled();
  });

  test("whose answer breaks off after a 2xx status is delivered", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("reset")),
    });
    expect(judge(await answering(() => new Response(broken)))).toBe("delivered");
  });

  test("reads Retry-After", async () => {
    const headers = { "Retry-After": "90" };
    const result = await answering(() => new Response(null, { status: 503, headers }));
    expect(result.retryAfterSeconds).toBe(90);
  });
});
