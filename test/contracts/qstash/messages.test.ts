import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHash } from "node:crypto";
import { gate } from "./receiver.ts";
import { HOUR_MS, MINUTE_MS, startStack, textOf } from "./stack.ts";
import type { Stack } from "./stack.ts";

const hash = (text: string) => `REDACTED:${createHash("sha256").update(text).digest("hex")}`;

describe("messages", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const publishLater = async (path: string, options: object = {}): Promise<string> => {
    const { client, receiver } = stack;
    const message = { url: receiver.url(path), body: "x", delay: 60, ...options } as const;
    return (await client.publish(message)).messageId;
  };

  test("a waiting message is read with all that it was published with", async () => {
    const { client, receiver, startMs } = stack;
    const { messageId } = await client.publishJSON({
      url: receiver.url(),
      body: { a: 1 },
      method: "PUT",
      delay: 60,
      retries: 5,
      retryDelay: "1000 * retried",
      label: ["red", "big"],
      headers: { "x-tenant-id": "acme" },
      callback: receiver.url("/cb"),
      failureCallback: receiver.url("/failed"),
      flowControl: { key: "k", parallelism: 2, rate: 3, period: "1m" },
    });
    expect(await client.messages.get(messageId)).toMatchObject({
      messageId,
      url: receiver.url(),
      method: "PUT",
      header: { "Content-Type": ["application/json"], "X-Tenant-Id": ["acme"] },
      body: '{"a":1}',
      maxRetries: 5,
      retryDelayExpression: "1000 * retried",
      notBefore: startMs + MINUTE_MS,
      createdAt: startMs,
      callback: receiver.url("/cb"),
      failureCallback: receiver.url("/failed"),
      callerIP: "127.0.0.1",
      label: "red",
      labels: ["red", "big"],
      flowControlKey: "k",
      rate: 3,
      period: 60,
      parallelism: 2,
    });
  });

  test("a body that isn't UTF-8 is read as base64", async () => {
    const { api, receiver } = stack;
    const body = Uint8Array.from([0xff, 0xfe]);
    const headers = { "Upstash-Delay": "1m" };
    const { json } = await api("POST", `/v2/publish/${receiver.url()}`, { headers, body });
    const messageId = textOf(json, "messageId");
    const answer = await api("GET", `/v2/messages/${messageId}`);
    expect(answer.json).toMatchObject({ bodyBase64: Buffer.from(body).toString("base64") });
    expect(answer.json).not.toHaveProperty("body");
  });

  test("redacted fields are read as their hash and delivered as they are", async () => {
    const { client, clock, receiver } = stack;
    const redact = { body: true, header: ["Authorization"] } as const;
    const headers = { Authorization: "Bearer s3", "X-Open": "o" };
    const messageId = await publishLater("/job", { headers, redact, body: "secret" });
    const message = await client.messages.get(messageId);
    expect(message.body).toBe(hash("secret"));
    expect(message.header).toMatchObject({ Authorization: [hash("Bearer s3")], "X-Open": ["o"] });
    await clock.advanceBy(MINUTE_MS);
    expect(receiver.received[0]).toMatchObject({
      body: "secret",
      headers: { authorization: "Bearer s3" },
    });
  });

  test("a message that doesn't exist is answered 404, on GET and on DELETE", async () => {
    const { api } = stack;
    const expected = { status: 404, json: { error: expect.stringContaining("msg_none") } };
    expect(await api("GET", "/v2/messages/msg_none")).toMatchObject(expected);
    expect(await api("DELETE", "/v2/messages/msg_none")).toMatchObject(expected);
  });

  test("a cancelled message is never delivered", async () => {
    const { api, clock, receiver, server } = stack;
    const messageId = await publishLater("/job");
    const answer = await api("DELETE", `/v2/messages/${messageId}`);
    expect(answer).toEqual({ status: 202, json: { cancelled: 1 } });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received).toEqual([]);
    expect(server.pendingMessages()).toEqual([]);
  });

  test("a message that waits for a retry can be cancelled and isn't a dead letter", async () => {
    const { client, clock, receiver, server } = stack;
    receiver.always(500);
    const { messageId } = await client.publish({ url: receiver.url(), body: "x" });
    await server.idle();
    expect(server.pendingMessages()).toMatchObject([{ messageId, state: "waiting", retried: 1 }]);
    expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received).toHaveLength(1);
    expect((await client.dlq.listMessages()).messages).toEqual([]);
  });

  test("a message cancelled in flight isn't retried when its attempt fails", async () => {
    const { client, clock, receiver } = stack;
    const arrived = gate();
    const door = gate();
    receiver.answering = async () => {
      arrived.open();
      await door.opened;
      return { status: 500 };
    };
    const { messageId } = await client.publish({ url: receiver.url(), body: "x" });
    await arrived.opened;
    await client.messages.cancel(messageId);
    door.open();
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received).toHaveLength(1);
    expect((await client.logs({ messageIds: [messageId] })).logs[0]?.state).toBe("CANCELLED");
  });

  test("several are cancelled by id; unknown ids are not counted", async () => {
    const { client, server } = stack;
    const ids = [await publishLater("/a"), await publishLater("/b"), await publishLater("/c")];
    const asked = [ids[0] ?? "", ids[2] ?? "", "msg_none"];
    expect(await client.messages.cancel(asked)).toEqual({ cancelled: 2 });
    expect(server.pendingMessages().map(({ messageId }) => messageId)).toEqual([ids[1]]);
  });

  test("a bulk cancel's values are OR and its fields AND", async () => {
    const { client, server, receiver } = stack;
    await publishLater("/a", { label: "red" });
    await publishLater("/b", { label: "blue" });
    await publishLater("/c", { label: "red" });
    const filter = { label: ["red", "blue"], url: [receiver.url("/a"), receiver.url("/b")] };
    expect(await client.messages.cancel({ filter })).toEqual({ cancelled: 2 });
    expect(server.pendingMessages()).toMatchObject([{ url: receiver.url("/c") }]);
  });

  test("a bulk cancel can filter by host, path and flow-control key", async () => {
    const { client, server, receiver } = stack;
    await publishLater("/a");
    await publishLater("/b", { flowControl: { key: "k", rate: 1 } });
    const { host } = new URL(receiver.url());
    const { messages } = client;
    const elsewhere = { filter: { host: "elsewhere.example" } };
    expect(await messages.cancel(elsewhere)).toEqual({ cancelled: 0 });
    expect(await messages.cancel({ filter: { flowControlKey: "k" } })).toEqual({ cancelled: 1 });
    expect(await messages.cancel({ filter: { host, path: "/a" } })).toEqual({ cancelled: 1 });
    expect(server.pendingMessages()).toEqual([]);
  });

  test("no filter cancels everything, and so does an empty id in the path", async () => {
    const { api, client } = stack;
    await publishLater("/a");
    await publishLater("/b");
    expect(await client.messages.cancel({ all: true })).toEqual({ cancelled: 2 });
    await publishLater("/c");
    expect(await api("DELETE", "/v2/messages/")).toEqual({ status: 202, json: { cancelled: 1 } });
  });

  test("a bulk cancel with an unknown filter is answered 400 and cancels nothing", async () => {
    const { api, server } = stack;
    await publishLater("/a");
    const answer = await api("DELETE", "/v2/messages?colour=red");
    expect(answer).toEqual({ status: 400, json: { error: expect.stringContaining("colour") } });
    expect(server.pendingMessages()).toHaveLength(1);
  });
});
