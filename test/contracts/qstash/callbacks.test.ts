import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  HOUR_MS,
  MINUTE_MS,
  CURRENT_KEY,
  NEXT_KEY,
  createSignatureReceiver,
  startStack,
} from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("callbacks", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const bodiesAt = (path: string): Record<string, unknown>[] =>
    stack.receiver.at(path).map(({ body }) => JSON.parse(body));

  test("a callback tells of the answer, with the body of the documentation", async () => {
    const { client, server, receiver, startMs } = stack;
    receiver.answering = ({ path }) =>
      path === "/job"
        ? { status: 201, headers: { "X-Result": "yes" }, body: "done" }
        : { status: 200 };
    const { messageId } = await client.publish({
      url: receiver.url(),
      body: "question",
      method: "PUT",
      headers: { "X-Kind": "k" },
      callback: receiver.url("/cb"),
    });
    await server.idle();
    expect(bodiesAt("/cb")).toEqual([
      {
        status: 201,
        header: expect.objectContaining({ "X-Result": ["yes"] }),
        body: Buffer.from("done").toString("base64"),
        retried: 0,
        maxRetries: 3,
        sourceMessageId: messageId,
        url: receiver.url(),
        method: "PUT",
        sourceHeader: expect.objectContaining({ "X-Kind": ["k"] }),
        sourceBody: Buffer.from("question").toString("base64"),
        notBefore: startMs,
        createdAt: startMs,
        callerIP: "127.0.0.1",
      },
    ]);
  });

  test("a callback is a message of its own: signed for its URL, with its own id", async () => {
    const { client, server, receiver } = stack;
    const url = receiver.url("/cb");
    const { messageId } = await client.publish({ url: receiver.url(), body: "x", callback: url });
    await server.idle();
    const [callback] = receiver.at("/cb");
    const verifier = createSignatureReceiver(CURRENT_KEY, NEXT_KEY);
    const signature = String(callback?.headers["upstash-signature"]);
    const verified = verifier.verify({ signature, body: callback?.body ?? "", url });
    await expect(verified).resolves.toBe(true);
    expect(callback?.headers["upstash-message-id"]).not.toBe(messageId);
    expect(callback?.headers["content-type"]).toBe("application/json");
  });

  test("a callback comes after every attempt, and retried counts them", async () => {
    const { client, clock, receiver } = stack;
    receiver.answering = ({ path, headers }) => ({
      status: path === "/job" && headers["upstash-retried"] !== "2" ? 500 : 200,
    });
    await client.publish({ url: receiver.url(), body: "x", callback: receiver.url("/cb") });
    await clock.advanceBy(HOUR_MS);
    expect(bodiesAt("/cb").map(({ status, retried }) => [status, retried])).toEqual([
      [500, 0],
      [500, 1],
      [200, 2],
    ]);
    expect(bodiesAt("/cb").every((body) => !("dlqId" in body))).toBe(true);
  });

  test("a failure callback comes once, after the last attempt, and names the dead letter", async () => {
    const { client, clock, receiver } = stack;
    receiver.byPath({ "/job": 500 });
    const { messageId } = await client.publish({
      url: receiver.url(),
      body: "x",
      retries: 1,
      failureCallback: receiver.url("/failed"),
    });
    await clock.advanceBy(HOUR_MS);
    const [letter] = (await client.dlq.listMessages()).messages;
    expect(bodiesAt("/failed")).toMatchObject([
      { status: 500, retried: 1, maxRetries: 1, sourceMessageId: messageId, dlqId: letter?.dlqId },
    ]);
  });

  test("a delivered message has no failure callback", async () => {
    const { client, clock, receiver } = stack;
    const failureCallback = receiver.url("/failed");
    await client.publish({ url: receiver.url(), body: "x", failureCallback });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/job"]);
  });

  test("a callback has its own method, delay, retries, retry delay and headers", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/cb": 500 });
    await client.publish({
      url: receiver.url(),
      body: "x",
      callback: receiver.url("/cb"),
      headers: {
        "Upstash-Callback-Method": "PATCH",
        "Upstash-Callback-Delay": "1m",
        "Upstash-Callback-Retries": "1",
        "Upstash-Callback-Retry-Delay": "5000",
        "Upstash-Callback-Forward-X-Secret": "s3",
      },
    });
    await clock.advanceBy(HOUR_MS);
    expect(secondsAt("/cb")).toEqual([60, 65]);
    expect(receiver.at("/cb")[0]).toMatchObject({ method: "PATCH", headers: { "x-secret": "s3" } });
    expect(receiver.at("/job")[0]?.headers).not.toHaveProperty("x-secret");
  });

  test("a failure callback is configured by its own prefix", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/job": 500 });
    await client.publish({
      url: receiver.url(),
      body: "x",
      retries: 0,
      failureCallback: receiver.url("/failed"),
      callback: receiver.url("/cb"),
      headers: {
        "Upstash-Failure-Callback-Delay": "30s",
        "Upstash-Failure-Callback-Method": "PUT",
      },
    });
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/failed")).toEqual([30]);
    expect(receiver.at("/failed")[0]?.method).toBe("PUT");
    expect(receiver.at("/cb")[0]?.method).toBe("POST");
  });

  test("a callback is retried as often as its message when it doesn't say otherwise", async () => {
    const { client, clock, receiver } = stack;
    receiver.byPath({ "/cb": 503 });
    const callback = receiver.url("/cb");
    await client.publish({ url: receiver.url(), body: "x", retries: 2, callback });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.at("/cb")).toHaveLength(3);
    expect((await client.dlq.listMessages()).messages).toMatchObject([{ url: callback }]);
  });

  test("an attempt without an answer is told of with status 0", async () => {
    const { client, server, receiver } = stack;
    receiver.answering = ({ path }) => (path === "/job" ? "cut" : { status: 200 });
    await client.publish({
      url: receiver.url(),
      body: "x",
      retries: 0,
      failureCallback: receiver.url("/failed"),
    });
    await server.idle();
    expect(bodiesAt("/failed")).toMatchObject([{ status: 0, body: "", header: {} }]);
  });
});
