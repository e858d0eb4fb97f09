import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MINUTE_MS, startStack, textOf } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("batches", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  test("a batch is answered with one id for each message, in order, and delivers each", async () => {
    const { client, server, receiver } = stack;
    const answers = await client.batchJSON([
      { url: receiver.url("/a"), body: { n: 1 } },
      { url: receiver.url("/b"), body: { n: 2 }, headers: { "X-Kind": "second" } },
    ]);
    await server.idle();
    expect(answers).toMatchObject([{ url: receiver.url("/a") }, { url: receiver.url("/b") }]);
    expect(receiver.at("/a")[0]?.body).toBe('{"n":1}');
    expect(receiver.at("/b")[0]?.headers).toMatchObject({
      "x-kind": "second",
      "upstash-message-id": textOf(answers[1], "messageId"),
    });
  });

  test("a message of a batch has its own delay and its own retries", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/b": 500 });
    await client.batchJSON([
      { url: receiver.url("/a"), delay: 30 },
      { url: receiver.url("/b"), retries: 1 },
    ]);
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/a")).toEqual([30]);
    expect(secondsAt("/b")).toEqual([0, 12]);
  });

  test("a message that can't be accepted is answered with its error and doesn't touch the others", async () => {
    const { api, server, receiver } = stack;
    const items = [
      { destination: receiver.url("/a"), body: "1" },
      { destination: "ftp://x.example" },
      { destination: receiver.url("/b"), headers: { "Upstash-Delay": "soon" } },
      { destination: receiver.url("/c"), headers: { "Upstash-Forward-X": "line\nbreak" } },
      { body: "no destination" },
      "not an object",
      { destination: receiver.url("/d"), body: "2" },
    ];
    const answer = await api("POST", "/v2/batch", { body: JSON.stringify(items) });
    await server.idle();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual([
      { messageId: expect.any(String), url: receiver.url("/a") },
      { error: expect.stringContaining("ftp://x.example") },
      { error: expect.stringContaining("Upstash-Delay") },
      { error: expect.stringContaining("header") },
      { error: expect.stringContaining("destination") },
      { error: expect.stringContaining("object") },
      { messageId: expect.any(String), url: receiver.url("/d") },
    ]);
    expect(receiver.received.map(({ path }) => path).toSorted()).toEqual(["/a", "/d"]);
  });

  test("a message to a URL group is answered with a nested array", async () => {
    const { client, receiver } = stack;
    const endpoints = [{ url: receiver.url("/g1") }, { url: receiver.url("/g2") }];
    await client.urlGroups.addEndpoints({ name: "group", endpoints });
    const answers = await client.batchJSON([{ urlGroup: "group" }, { url: receiver.url("/a") }]);
    expect(answers).toMatchObject([
      [{ url: receiver.url("/g1") }, { url: receiver.url("/g2") }],
      { url: receiver.url("/a") },
    ]);
  });

  test("a message with a queue waits for the one before it", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.answering = ({ path, headers }) => ({
      status: path === "/first" && headers["upstash-retried"] === "0" ? 500 : 200,
    });
    await client.batchJSON([
      { url: receiver.url("/first"), queueName: "line" },
      { url: receiver.url("/second"), queueName: "line" },
    ]);
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/first")).toEqual([0, 12]);
    expect(secondsAt("/second")).toEqual([12]);
  });

  test("a body that isn't an array of messages is answered 400", async () => {
    const { api } = stack;
    expect(await api("POST", "/v2/batch", { body: "{" })).toMatchObject({ status: 400 });
    expect(await api("POST", "/v2/batch", { body: "{}" })).toMatchObject({ status: 400 });
  });
});
