import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("retries", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  /** Seconds between one attempt and the next. */
  const waits = (): number[] => {
    const at = stack.secondsAt("/job");
    return at.slice(1).map((second, index) => second - (at[index] ?? 0));
  };

  test("a message answered 500 is retried after 12 s, 148 s and 1808 s, then is in the dead letters", async () => {
    const { client, clock, receiver } = stack;
    receiver.always(500);
    const { messageId } = await client.publish({ url: receiver.url(), body: "x" });
    await clock.advanceBy(DAY_MS);
    expect(waits()).toEqual([12, 148, 1808]);
    expect(receiver.received.map(({ headers }) => headers["upstash-retried"])).toEqual([
      "0",
      "1",
      "2",
      "3",
    ]);
    const { messages } = await client.dlq.listMessages();
    expect(messages).toMatchObject([{ messageId, responseStatus: 500 }]);
  });

  test("the fourth wait is 6 h 7 min 6 s and no wait is above one day", async () => {
    const { client, clock, receiver } = stack;
    receiver.always(500);
    await client.publish({ url: receiver.url(), body: "x", retries: 6 });
    await clock.advanceBy(4 * DAY_MS);
    expect(waits()).toEqual([12, 148, 1808, 22_026, 86_400, 86_400]);
  });

  test("with Upstash-Retries: 0 there is one attempt", async () => {
    const { client, clock, receiver } = stack;
    receiver.always(500);
    await client.publish({ url: receiver.url(), body: "x", retries: 0 });
    await clock.advanceBy(DAY_MS);
    expect(receiver.received).toHaveLength(1);
    expect((await client.dlq.listMessages()).messages).toHaveLength(1);
  });

  test("a retry that is answered 2xx ends it", async () => {
    const { client, clock, receiver } = stack;
    receiver.answering = ({ headers }) => ({
      status: headers["upstash-retried"] === "1" ? 204 : 503,
    });
    await client.publish({ url: receiver.url(), body: "x" });
    await clock.advanceBy(DAY_MS);
    expect(waits()).toEqual([12]);
    expect((await client.dlq.listMessages()).messages).toEqual([]);
  });

  test("a connection that is closed without an answer is a failed attempt", async () => {
    const { client, clock, receiver } = stack;
    receiver.answering = ({ headers }) =>
      headers["upstash-retried"] === "0" ? "cut" : { status: 200 };
    await client.publish({ url: receiver.url(), body: "x" });
    await clock.advanceBy(DAY_MS);
    expect(waits()).toEqual([12]);
  });

  test("a destination that nobody listens at is tried again, and fails without a status", async () => {
    const { client, clock } = stack;
    // Port 1: only root could listen there, so no other test can have taken it meanwhile.
    const url = "http://127.0.0.1:1/job";
    await client.publish({ url, body: "x", retries: 2 });
    await clock.advanceBy(DAY_MS);
    const { messages } = await client.dlq.listMessages();
    expect(messages).toMatchObject([{ url, maxRetries: 2 }]);
    expect(messages[0]).not.toHaveProperty("responseStatus");
  });

  test("a destination that is silent longer than Upstash-Timeout is a failed attempt", async () => {
    await stack.close();
    stack = await startStack({ heldAfterMs: 400 });
    const { client, clock, receiver } = stack;
    receiver.answering = ({ headers }) =>
      headers["upstash-retried"] === "0" ? "silence" : { status: 200 };
    await client.publish({ url: receiver.url(), body: "x", timeout: 30 });
    await clock.advanceBy(MINUTE_MS);
    expect(stack.secondsAt("/job")).toEqual([0, 42]);
  });

  test.each([
    ["1000", [1, 1, 1]],
    ["1000 * (1 + retried)", [1, 2, 3]],
    ["pow(2, retried) * 1000", [1, 2, 4]],
    ["max(1500, pow(10, retried) * 100)", [1.5, 1.5, 10]],
    ["min(2500, exp(retried) * 1000 - 0)", [1, 2.5, 2.5]],
    ["round(sqrt(abs(-4)) + floor(1.9) + ceil(0.1)) * 1000", [4, 4, 4]],
    ["999999999999", [86_400, 86_400, 86_400]],
    ["-5000", [0, 0, 0]],
    ["sqrt(-1)", [12, 148, 1808]],
  ])("Upstash-Retry-Delay: %s waits %j seconds", async (retryDelay, expected) => {
    const { client, clock, receiver } = stack;
    receiver.always(500);
    await client.publish({ url: receiver.url(), body: "x", retries: 3, retryDelay });
    await clock.advanceBy(4 * DAY_MS);
    const rounded = waits().map((seconds) => Number(seconds.toFixed(1)));
    expect(rounded).toEqual(expected);
  });

  test.each([
    ["Retry-After", "10", 10],
    ["Retry-After", "0", 0],
    ["Retry-After", "6m5s", 365],
    ["X-RateLimit-Reset", "90", 90],
    ["X-RateLimit-Reset-Requests", "1h", 3600],
    ["X-RateLimit-Reset-Tokens", "1500ms", 1.5],
    ["Retry-After", "100000", 12],
    ["Retry-After", "later", 12],
  ])("a destination's %s: %s makes the next attempt after %d s", async (name, value, expected) => {
    const { client, clock, receiver } = stack;
    receiver.always(429, { [name]: value });
    await client.publish({ url: receiver.url(), body: "x", retries: 1 });
    await clock.advanceBy(2 * DAY_MS);
    expect(waits()).toEqual([expected]);
  });

  test("a Retry-After with an RFC 1123 date is waited for", async () => {
    const { client, clock, receiver, startMs } = stack;
    receiver.always(503, { "Retry-After": new Date(startMs + HOUR_MS).toUTCString() });
    await client.publish({ url: receiver.url(), body: "x", retries: 1 });
    await clock.advanceBy(DAY_MS);
    expect(waits()).toEqual([3_600]);
  });

  test("Retry-After goes before the message's own expression", async () => {
    const { client, clock, receiver } = stack;
    receiver.always(429, { "Retry-After": "7" });
    await client.publish({ url: receiver.url(), body: "x", retries: 1, retryDelay: "60000" });
    await clock.advanceBy(DAY_MS);
    expect(waits()).toEqual([7]);
  });

  test("489 with Upstash-NonRetryable-Error: true goes to the dead letters at once", async () => {
    const { client, server, receiver } = stack;
    receiver.always(489, { "Upstash-NonRetryable-Error": "true" });
    await client.publish({ url: receiver.url(), body: "x" });
    await server.idle();
    expect((await client.dlq.listMessages()).messages).toMatchObject([{ responseStatus: 489 }]);
    expect(receiver.received).toHaveLength(1);
  });

  test("489 without the header, or the header with another status, is retried", async () => {
    const { client, clock, receiver } = stack;
    receiver.answering = ({ path }) =>
      path === "/job"
        ? { status: 489 }
        : { status: 400, headers: { "Upstash-NonRetryable-Error": "true" } };
    await client.publish({ url: receiver.url(), body: "x", retries: 1 });
    await client.publish({ url: receiver.url("/other"), body: "x", retries: 1 });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.at("/job")).toHaveLength(2);
    expect(receiver.at("/other")).toHaveLength(2);
  });
});
