import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("queues", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const enqueue = (path: string, options: { retries?: number; callback?: string } = {}) =>
    stack.client
      .queue({ queueName: "line" })
      .enqueueJSON({ url: stack.receiver.url(path), body: {}, ...options });

  const paths = (): string[] => stack.receiver.received.map(({ path }) => path);

  test("messages of a queue are delivered one at a time, in order", async () => {
    const { server, receiver } = stack;
    receiver.answering = async () => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return { status: 200 };
    };
    const sent = ["/1", "/2", "/3", "/4", "/5"];
    for (const path of sent) await enqueue(path);
    await server.idle();
    expect(paths()).toEqual(sent);
    expect(receiver.mostAtOnce).toBe(1);
  });

  test("the next message waits for the retries of the one before it", async () => {
    const { clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/1": 500 });
    await enqueue("/1", { retries: 2 });
    await enqueue("/2");
    await clock.advanceBy(HOUR_MS);
    expect(secondsAt("/1")).toEqual([0, 12, 160]);
    expect(secondsAt("/2")).toEqual([160]);
  });

  test("the next message waits for the callbacks of the one before it", async () => {
    const { clock, receiver } = stack;
    receiver.answering = ({ path, headers }) => ({
      status: path === "/cb" && headers["upstash-retried"] === "0" ? 500 : 200,
    });
    await enqueue("/1", { callback: receiver.url("/cb") });
    await enqueue("/2");
    await clock.advanceBy(11_999);
    expect(paths()).toEqual(["/1", "/cb"]);
    await clock.advanceBy(1);
    expect(paths()).toEqual(["/1", "/cb", "/cb", "/2"]);
  });

  test("a queue with parallelism 2 has two messages under way", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    await client.queue({ queueName: "line" }).upsert({ parallelism: 2 });
    receiver.byPath({ "/1": 500 });
    await enqueue("/1", { retries: 1 });
    await enqueue("/2");
    await enqueue("/3");
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/1")).toEqual([0, 12]);
    expect(secondsAt("/2")).toEqual([0]);
    expect(secondsAt("/3")).toEqual([0]);
  });

  test("two queues don't wait for each other", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/1": 500 });
    await enqueue("/1");
    const other = client.queue({ queueName: "other" });
    await other.enqueue({ url: receiver.url("/2"), body: "x" });
    await clock.advanceBy(1);
    expect(secondsAt("/2")).toEqual([0]);
  });

  test("a paused queue accepts messages and delivers them, in order, once it is resumed", async () => {
    const { client, server } = stack;
    const queue = client.queue({ queueName: "line" });
    await queue.upsert({ parallelism: 1 });
    await queue.pause();
    await enqueue("/1");
    await enqueue("/2");
    await server.idle();
    expect(paths()).toEqual([]);
    expect(await queue.get()).toMatchObject({ name: "line", paused: true, lag: 2 });
    await queue.resume();
    await server.idle();
    expect(paths()).toEqual(["/1", "/2"]);
    expect(await queue.get()).toMatchObject({ paused: false, lag: 0 });
  });

  test("a retry that falls due while the queue is paused waits for the resume", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.always(500);
    await enqueue("/1", { retries: 1 });
    await stack.server.idle();
    const queue = client.queue({ queueName: "line" });
    await queue.pause();
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/1")).toEqual([0]);
    await queue.resume();
    await stack.server.idle();
    expect(secondsAt("/1")).toEqual([0, 60]);
  });

  test("a queue made by upsert is listed, changed and deleted", async () => {
    const { client, startMs, clock } = stack;
    const queue = client.queue({ queueName: "line" });
    await queue.upsert({ parallelism: 3 });
    await clock.advanceBy(MINUTE_MS);
    await queue.upsert({ parallelism: 4, paused: true });
    const expected = {
      name: "line",
      createdAt: startMs,
      updatedAt: startMs + MINUTE_MS,
      parallelism: 4,
      paused: true,
      lag: 0,
    };
    expect(await queue.list()).toEqual([expected]);
    await queue.delete();
    expect(await queue.list()).toEqual([]);
    await expect(queue.get()).rejects.toMatchObject({ status: 404 });
  });

  test("the first message makes its queue, with parallelism 1", async () => {
    await enqueue("/1");
    const queue = stack.client.queue({ queueName: "line" });
    expect(await queue.get()).toMatchObject({ parallelism: 1, paused: false });
  });

  test.each([
    ["/v2/queues", { queueName: "a b" }, 400],
    ["/v2/queues", { queueName: "q", parallelism: 0 }, 400],
    ["/v2/queues", { queueName: "q", parallelism: 1.5 }, 400],
    ["/v2/queues", { parallelism: 1 }, 400],
    ["/v2/queues", { queueName: "q", parallelism: 101 }, 412],
    ["/v2/queues/none/pause", {}, 404],
  ])("POST %s %j is answered %d", async (path, body, status) => {
    const answer = await stack.api("POST", path, { body: JSON.stringify(body) });
    expect(answer).toMatchObject({ status, json: { error: expect.any(String) } });
  });

  test("the hundred and first queue is answered 412", async () => {
    const { client } = stack;
    for (let index = 0; index < 100; index += 1) {
      await client.queue({ queueName: `q${index}` }).upsert({ parallelism: 1 });
    }
    const attempt = client.queue({ queueName: "q100" }).upsert({ parallelism: 1 });
    await expect(attempt).rejects.toMatchObject({ status: 412 });
  });

  test("a cancelled message makes room for the next one", async () => {
    const { client, clock, receiver } = stack;
    receiver.byPath({ "/1": 500 });
    const { messageId } = await enqueue("/1");
    await enqueue("/2");
    await clock.advanceBy(1_000);
    expect(paths()).toEqual(["/1"]);
    await client.messages.cancel(messageId);
    await stack.server.idle();
    expect(paths()).toEqual(["/1", "/2"]);
  });
});
