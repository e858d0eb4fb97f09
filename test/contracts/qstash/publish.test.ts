import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, TOKEN, claimsOf, createClient, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("publishing", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  test("a published JSON message is delivered at once, with its body as it was", async () => {
    const { client, server, receiver } = stack;
    const { messageId } = await client.publishJSON({ url: receiver.url(), body: { a: [1, "ü"] } });
    await server.idle();
    expect(receiver.received).toHaveLength(1);
    expect(receiver.received[0]).toMatchObject({ method: "POST", body: '{"a":[1,"ü"]}' });
    expect(receiver.received[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "upstash-message-id": messageId,
    });
    expect(messageId).toMatch(/^msg_/);
  });

  test("a body that isn't UTF-8 is delivered byte for byte", async () => {
    const { server, receiver, api } = stack;
    const body = Uint8Array.from([0xff, 0x00, 0xfe, 0x80]);
    const { status } = await api("POST", `/v2/publish/${receiver.url()}`, { body });
    await server.idle();
    expect(status).toBe(200);
    expect([...(receiver.received[0]?.bytes ?? [])]).toEqual([...body]);
  });

  test("the destination stands raw in the path: its query is kept", async () => {
    const { client, server, receiver } = stack;
    const url = receiver.url("/a/b?x=1&y=%2Fz&x=2");
    await client.publish({ url, body: "x" });
    await server.idle();
    expect(receiver.received[0]?.path).toBe("/a/b?x=1&y=%2Fz&x=2");
  });

  test("a fragment is dropped and dot segments are collapsed", async () => {
    const { api, server, receiver } = stack;
    const items = ["/a/../b?q=1#frag", "/c?back=/../d"].map((path) => ({
      destination: receiver.url(path),
    }));
    const { json } = await api("POST", "/v2/batch", { body: JSON.stringify(items) });
    await server.idle();
    // The signature's `sub` is this URL, so its text counts and not only where it leads.
    const urls = [receiver.url("/b?q=1"), receiver.url("/c?back=/../d")];
    expect(json).toMatchObject(urls.map((url) => ({ url })));
    const signed = receiver.received.map(
      ({ headers }) => claimsOf(String(headers["upstash-signature"]))["sub"],
    );
    expect(new Set(signed)).toEqual(new Set(urls));
    expect(new Set(receiver.received.map(({ path }) => receiver.url(path)))).toEqual(new Set(urls));
  });

  test("a token may be given as ?qstash_token=, which the destination never sees", async () => {
    const { server, receiver } = stack;
    const destination = receiver.url(`/hook?x=1&qstash_token=${TOKEN}&y=2`);
    const response = await fetch(`${server.url}/v2/publish/${destination}`, { method: "POST" });
    await server.idle();
    expect(response.status).toBe(200);
    expect(receiver.received[0]?.path).toBe("/hook?x=1&y=2");
  });

  test("a configuration header may be given as a query key in lower case", async () => {
    const { server, receiver, api } = stack;
    await api("POST", `/v2/publish/${receiver.url("/q?a=1&upstash-delay=90s&upstash-retries=7")}`);
    await server.idle();
    expect(receiver.received).toEqual([]);
    expect(server.pendingMessages()).toMatchObject([
      { maxRetries: 7, notBefore: stack.startMs + 90_000, url: receiver.url("/q?a=1") },
    ]);
  });

  test("a wrong or missing token is answered 401 with an error, and nothing is accepted", async () => {
    const { server, receiver } = stack;
    const wrong = createClient(server.url, "wrong");
    await expect(wrong.publish({ url: receiver.url(), body: "" })).rejects.toMatchObject({
      status: 401,
    });
    const bare = await fetch(`${server.url}/v2/publish/${receiver.url()}`, { method: "POST" });
    expect(bare.status).toBe(401);
    expect(await bare.json()).toEqual({ error: expect.stringContaining("unauthorized") });
    await server.idle();
    expect(receiver.received).toEqual([]);
    expect(server.operations.all()).toEqual([]);
  });

  test("headers with Upstash-Forward- are sent on without the prefix, others are not", async () => {
    const { server, receiver, api } = stack;
    await api("POST", `/v2/publish/${receiver.url()}`, {
      headers: {
        "Upstash-Forward-X-Tenant": "acme",
        "Upstash-Forward-Authorization": "Bearer destination",
        "X-Other": "stays",
      },
    });
    await server.idle();
    const headers = receiver.received[0]?.headers;
    expect(headers).toMatchObject({ "x-tenant": "acme", authorization: "Bearer destination" });
    expect(headers).not.toHaveProperty("x-other");
  });

  test("Upstash-Header-Forward: true sends all headers on but the publisher's token", async () => {
    const { server, receiver, api } = stack;
    await api("POST", `/v2/publish/${receiver.url()}`, {
      headers: { "Upstash-Header-Forward": "true", "X-GitHub-Event": "push" },
    });
    await server.idle();
    expect(receiver.received[0]?.headers).toMatchObject({ "x-github-event": "push" });
    expect(receiver.received[0]?.headers).not.toHaveProperty("authorization");
  });

  test.each(["GET", "PUT", "PATCH", "DELETE"] as const)(
    "Upstash-Method: %s is the method of the delivery",
    async (method) => {
      const { client, server, receiver } = stack;
      await client.publish({ url: receiver.url(), method });
      await server.idle();
      expect(receiver.received[0]?.method).toBe(method);
    },
  );

  test("a message with a delay is delivered when it has passed, and not a millisecond before", async () => {
    const { api, clock, receiver, secondsAt } = stack;
    const headers = { "Upstash-Delay": "1d10h30m" };
    await api("POST", `/v2/publish/${receiver.url()}`, { headers });
    await clock.advanceBy(DAY_MS + 10.5 * HOUR_MS - 1);
    expect(receiver.received).toEqual([]);
    await clock.advanceBy(1);
    expect(secondsAt("/job")).toEqual([124_200]);
  });

  test("Upstash-Not-Before is a unix time in seconds and goes before Upstash-Delay", async () => {
    const { client, clock, receiver, startMs, secondsAt } = stack;
    const notBefore = startMs / 1_000 + 45;
    await client.publish({ url: receiver.url(), body: "", notBefore, delay: 5 });
    await clock.advanceBy(HOUR_MS);
    expect(secondsAt("/job")).toEqual([45]);
  });

  test("a Not-Before in the past is delivered at once", async () => {
    const { client, server, receiver, startMs } = stack;
    await client.publish({ url: receiver.url(), body: "", notBefore: startMs / 1_000 - 60 });
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test.each([
    ["Upstash-Method", "BREW"],
    ["Upstash-Delay", "soon"],
    ["Upstash-Delay", "10"],
    ["Upstash-Timeout", "0s"],
    ["Upstash-Not-Before", "tomorrow"],
    ["Upstash-Retries", "-1"],
    ["Upstash-Retries", "many"],
    ["Upstash-Retry-Delay", "process.exit()"],
    ["Upstash-Retry-Delay", "pow(2)"],
    ["Upstash-Callback", "not-a-url"],
    ["Upstash-Failure-Callback", "ftp://files.example"],
    ["Upstash-Deduplication-Id", "task:1"],
    ["Upstash-Content-Based-Deduplication", "yes"],
    ["Upstash-Flow-Control-Key", "key-without-value"],
    ["Upstash-Flow-Control-Value", "rate=1"],
    ["Upstash-Redact-Fields", "everything"],
  ])("%s: %s is answered 400, and the error names the header", async (name, value) => {
    const { server, receiver, api } = stack;
    const answer = await api("POST", `/v2/publish/${receiver.url()}`, {
      headers: { [name]: value },
    });
    expect(answer.status).toBe(400);
    const group = name.replace(/-(Key|Value)$/, "");
    expect(answer.json).toEqual({ error: expect.stringContaining(group) });
    expect(server.pendingMessages()).toEqual([]);
  });

  test("a bad header of a callback is turned down with its message", async () => {
    const { receiver, api } = stack;
    const answer = await api("POST", `/v2/publish/${receiver.url()}`, {
      headers: { "Upstash-Callback": receiver.url("/cb"), "Upstash-Callback-Delay": "never" },
    });
    expect(answer.status).toBe(400);
  });

  test.each(["ftp://files.example/x", "example", "https://", "//example.com", "api/llm"])(
    "the destination %s is turned down",
    async (destination) => {
      const { server, api } = stack;
      const answer = await api("POST", `/v2/publish/${destination}`);
      expect([400, 404]).toContain(answer.status);
      expect(answer.json).toEqual({ error: expect.any(String) });
      expect(server.pendingMessages()).toEqual([]);
    },
  );

  test("a message above 10 MB is answered 412, one of exactly 10 MB is accepted", async () => {
    const { client, server, receiver } = stack;
    const limit = 10 * 1024 * 1024;
    const url = receiver.url();
    await expect(client.publish({ url, body: "x".repeat(limit + 1) })).rejects.toMatchObject({
      status: 412,
    });
    await client.publish({ url, body: "x".repeat(limit) });
    await server.idle();
    expect(receiver.received.map(({ bytes }) => bytes.length)).toEqual([limit]);
  });

  test.each([
    ["a delay", { "Upstash-Delay": "366d" }],
    [
      "a Not-Before",
      { "Upstash-Not-Before": String(Math.floor(Date.now() / 1_000) + 367 * 86_400) },
    ],
    ["a response time", { "Upstash-Timeout": "3h" }],
  ])("%s above the plan's limit is answered 412", async (_, headers) => {
    const { receiver, api } = stack;
    const answer = await api("POST", `/v2/publish/${receiver.url()}`, { headers });
    expect(answer).toMatchObject({ status: 412, json: { error: expect.any(String) } });
  });

  test("an unknown path is answered 404 and a wrong method 400", async () => {
    const { api } = stack;
    expect(await api("GET", "/v2/nothing")).toMatchObject({ status: 404 });
    expect(await api("DELETE", "/v2/keys")).toMatchObject({ status: 400 });
  });
});
