import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gate } from "./receiver.ts";
import { HOUR_MS, MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

type Period = { period?: number | `${bigint}m` };
type Limits = Period & ({ parallelism: number; rate?: number } | { rate: number });

describe("flow control", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const publish = async (count: number, limits: Limits, key = "tenant", path = "/job") => {
    const { client, receiver } = stack;
    const message = {
      url: receiver.url(path),
      body: "x",
      retries: 1,
      flowControl: { key, ...limits },
    };
    await client.batch(Array.from({ length: count }, () => message));
  };

  test("no more than `parallelism` messages of a key are under way", async () => {
    const { server, receiver } = stack;
    receiver.answering = async () => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return { status: 200 };
    };
    await publish(9, { parallelism: 3 });
    await server.idle();
    expect(receiver.received).toHaveLength(9);
    expect(receiver.mostAtOnce).toBe(3);
  });

  test("no more than `rate` attempts of a key begin in a period", async () => {
    const { clock, secondsAt } = stack;
    await publish(5, { rate: 2, period: "1m" });
    await clock.advanceBy(HOUR_MS);
    expect(secondsAt("/job")).toEqual([0, 0, 60, 60, 120]);
  });

  test("the period is one second when none is given", async () => {
    const { clock, secondsAt } = stack;
    await publish(3, { rate: 1 });
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/job")).toEqual([0, 1, 2]);
  });

  test("a retry counts against the rate", async () => {
    const { clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/failing": 500 });
    await publish(1, { rate: 1, period: 60 }, "tenant", "/failing");
    await clock.advanceBy(10_000);
    await publish(1, { rate: 1, period: 60 });
    await clock.advanceBy(HOUR_MS);
    // Due at 12 s, but the period of the first attempt ends at 60 s and /job is before it.
    expect(secondsAt("/failing")).toEqual([0, 120]);
    expect(secondsAt("/job")).toEqual([60]);
  });

  test("a message that waits for its retry leaves its place to others", async () => {
    const { clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/failing": 500 });
    await publish(1, { parallelism: 1 }, "tenant", "/failing");
    await publish(1, { parallelism: 1 });
    await clock.advanceBy(HOUR_MS);
    expect(secondsAt("/failing")).toEqual([0, 12]);
    expect(secondsAt("/job")).toEqual([0]);
  });

  test("keys don't hold each other back, and messages without a key are free", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    await publish(2, { rate: 1, period: 60 }, "a", "/a");
    await publish(2, { rate: 1, period: 60 }, "b", "/b");
    await client.publish({ url: receiver.url("/free"), body: "x" });
    await clock.advanceBy(2 * MINUTE_MS);
    expect(secondsAt("/a")).toEqual([0, 60]);
    expect(secondsAt("/b")).toEqual([0, 60]);
    expect(secondsAt("/free")).toEqual([0]);
  });

  test("a key is read with its limits, its counts and its waiting list", async () => {
    const { api, client, clock, receiver, startMs } = stack;
    const door = gate();
    receiver.answering = async () => {
      await door.opened;
      return { status: 200 };
    };
    await publish(5, { parallelism: 2, rate: 10, period: 60 });
    const expected = {
      flowControlKey: "tenant",
      waitListSize: 3,
      parallelismMax: 2,
      parallelismCount: 2,
      rateMax: 10,
      rateCount: 2,
      ratePeriod: 60,
      ratePeriodStart: startMs / 1_000,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
    };
    expect(await client.flowControl.get("tenant")).toEqual(expected);
    expect(await api("GET", "/v2/flowControl")).toEqual({ status: 200, json: [expected] });
    const { parallelismCount } = await client.flowControl.getGlobalParallelism();
    expect(parallelismCount).toBe(2);
    door.open();
    await stack.server.idle();
    await clock.advanceBy(MINUTE_MS);
    expect(await client.flowControl.get("tenant")).toMatchObject({
      waitListSize: 0,
      parallelismCount: 0,
      rateCount: 0,
    });
  });

  test("a key that nothing was published with is answered 404", async () => {
    const { client } = stack;
    await expect(client.flowControl.get("nobody")).rejects.toMatchObject({ status: 404 });
  });

  test("the limits of the latest message are its key's", async () => {
    const { client, clock, secondsAt } = stack;
    await publish(4, { rate: 1, period: 60 });
    await stack.server.idle();
    await publish(1, { rate: 3, period: 60 }, "tenant", "/last");
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/job")).toEqual([0, 0, 0, 60]);
    expect(await client.flowControl.get("tenant")).toMatchObject({ rateMax: 3 });
  });

  test("a paused key delivers nothing until it is resumed", async () => {
    const { client, clock, secondsAt } = stack;
    await client.flowControl.pause("tenant");
    await publish(2, { parallelism: 5 });
    await clock.advanceBy(MINUTE_MS);
    expect(await client.flowControl.get("tenant")).toMatchObject({
      isPaused: true,
      waitListSize: 2,
    });
    await client.flowControl.resume("tenant");
    await stack.server.idle();
    expect(secondsAt("/job")).toEqual([60, 60]);
  });

  test("pinned limits go before those of messages until they are unpinned", async () => {
    const { client, clock, secondsAt } = stack;
    await client.flowControl.pin("tenant", { rate: 1, period: 60 });
    await publish(2, { rate: 5, period: 60 });
    await clock.advanceBy(90_000);
    expect(secondsAt("/job")).toEqual([0, 60]);
    expect(await client.flowControl.get("tenant")).toMatchObject({
      rateMax: 1,
      isPinnedRate: true,
    });
    await client.flowControl.unpin("tenant", { rate: true });
    await clock.advanceBy(30_000);
    await publish(2, { rate: 5, period: 60 });
    await clock.advanceBy(1);
    expect(secondsAt("/job")).toEqual([0, 60, 120, 120]);
  });

  test("resetRate lets the next period begin at once", async () => {
    const { client, clock, secondsAt } = stack;
    await publish(2, { rate: 1, period: 3_600 });
    await clock.advanceBy(MINUTE_MS);
    await client.flowControl.resetRate("tenant");
    await stack.server.idle();
    expect(secondsAt("/job")).toEqual([0, 60]);
  });

  test.each(["rate=0", "parallelism=two", "rate=1, period=soon", "speed=3", "period=1m"])(
    "the flow-control value %s is answered 400",
    async (value) => {
      const { api, receiver } = stack;
      const headers = { "Upstash-Flow-Control-Key": "k", "Upstash-Flow-Control-Value": value };
      const answer = await api("POST", `/v2/publish/${receiver.url()}`, { headers });
      expect(answer).toMatchObject({ status: 400, json: { error: expect.any(String) } });
    },
  );

  test("a cancelled message leaves the waiting list", async () => {
    const { client, clock, server } = stack;
    await publish(3, { rate: 1, period: 60 });
    await server.idle();
    const [waiting] = server.pendingMessages();
    await client.messages.cancel(waiting?.messageId ?? "");
    expect(await client.flowControl.get("tenant")).toMatchObject({ waitListSize: 1 });
    await clock.advanceBy(HOUR_MS);
    expect(stack.secondsAt("/job")).toEqual([0, 60]);
  });
});
