import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("logs", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  test("a message that fails once and then succeeds leaves its states, newest first", async () => {
    const { client, clock, receiver, startMs } = stack;
    receiver.answering = ({ headers }) =>
      headers["upstash-retried"] === "0" ? { status: 500, body: "no" } : { status: 200 };
    const { messageId } = await client.publish({ url: receiver.url(), body: "x" });
    await clock.advanceBy(MINUTE_MS);
    const { logs } = await client.logs({ messageIds: [messageId] });
    expect(logs.map(({ state }) => state)).toEqual([
      "DELIVERED",
      "ACTIVE",
      "RETRY",
      "ERROR",
      "ACTIVE",
      "CREATED",
    ]);
    expect(logs[2]).toMatchObject({ nextDeliveryTime: startMs + 12_000 });
    expect(logs[3]).toMatchObject({
      time: startMs,
      url: receiver.url(),
      responseStatus: 500,
      responseBody: Buffer.from("no").toString("base64"),
    });
  });

  test("a message that fails for good ends in FAILED, a cancelled one in CANCELLED", async () => {
    const { client, clock, receiver } = stack;
    receiver.always(500);
    const failed = await client.publish({ url: receiver.url(), body: "x", retries: 0 });
    const cancelled = await client.publish({ url: receiver.url(), body: "x", delay: 60 });
    await client.messages.cancel(cancelled.messageId);
    await clock.advanceBy(HOUR_MS);
    const statesOf = async (messageId: string) =>
      (await client.logs({ messageIds: [messageId] })).logs.map(({ state }) => state);
    expect(await statesOf(failed.messageId)).toEqual(["FAILED", "ERROR", "ACTIVE", "CREATED"]);
    expect(await statesOf(cancelled.messageId)).toEqual([
      "CANCELLED",
      "CANCEL_REQUESTED",
      "CREATED",
    ]);
  });

  test("logs are filtered by state, label and url", async () => {
    const { client, server, receiver } = stack;
    await client.publish({ url: receiver.url("/a"), body: "x", label: ["red", "big"] });
    await client.publish({ url: receiver.url("/b"), body: "x" });
    await server.idle();
    const count = async (filter: object) => (await client.logs({ filter })).logs.length;
    expect(await count({ state: "DELIVERED" })).toBe(2);
    expect(await count({ label: "red" })).toBe(3);
    expect(await count({ label: "big" })).toBe(3);
    const [newest] = (await client.logs({ filter: { label: "big" } })).logs;
    expect(newest).toMatchObject({ label: "red", labels: ["red", "big"] });
    expect(await count({ state: "IN_PROGRESS", url: receiver.url("/b") })).toBe(1);
    expect(await count({ path: "/b", state: "FAILED" })).toBe(0);
  });

  test("pages go back in time until there is no cursor; /v2/logs and /v2/events are one", async () => {
    const { api, client, server, receiver } = stack;
    await client.publish({ url: receiver.url(), body: "x" });
    await server.idle();
    const first = await client.logs({ count: 2 });
    expect(first.logs.map(({ state }) => state)).toEqual(["DELIVERED", "ACTIVE"]);
    const last = await client.logs({ count: 2, cursor: String(first.cursor) });
    expect(last.logs.map(({ state }) => state)).toEqual(["CREATED"]);
    expect(last.cursor).toBeUndefined();
    const { logs } = await client.logs();
    const plain = await api("GET", "/v2/logs");
    expect(plain).toMatchObject({
      status: 200,
      json: { logs: logs.map(({ state }) => ({ state })) },
    });
    expect(plain.json).not.toHaveProperty("events");
  });

  test("an unknown filter or a bad cursor is answered 400", async () => {
    const { api } = stack;
    expect(await api("GET", "/v2/logs?colour=red")).toMatchObject({ status: 400 });
    expect(await api("GET", "/v2/logs?cursor=yesterday")).toMatchObject({ status: 400 });
  });
});
