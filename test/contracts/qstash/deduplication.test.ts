import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("deduplication", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const publishWithId = (deduplicationId: string, path = "/job") =>
    stack.client.publish({ url: stack.receiver.url(path), body: "x", deduplicationId });

  test("a second message with an id is answered with the first one's and isn't delivered", async () => {
    const { server, receiver } = stack;
    const first = await publishWithId("task-1");
    const second = await publishWithId("task-1", "/other");
    await server.idle();
    expect(first).not.toHaveProperty("deduplicated");
    expect(second).toMatchObject({ messageId: first.messageId, deduplicated: true });
    expect(receiver.received).toHaveLength(1);
  });

  test("a duplicate is answered 202, a first message 200", async () => {
    const { api, receiver } = stack;
    const headers = { "Upstash-Deduplication-Id": "task-1" };
    const path = `/v2/publish/${receiver.url()}`;
    expect((await api("POST", path, { headers })).status).toBe(200);
    expect((await api("POST", path, { headers })).status).toBe(202);
  });

  test("an id is forgotten after ten minutes, and not before", async () => {
    const { clock, receiver } = stack;
    await publishWithId("task-1");
    await clock.advanceBy(10 * MINUTE_MS - 1);
    await publishWithId("task-1");
    await clock.advanceBy(1);
    expect(receiver.received).toHaveLength(1);
    await publishWithId("task-1");
    await stack.server.idle();
    expect(receiver.received).toHaveLength(2);
  });

  test("an id suppresses another message even after its own was cancelled or has failed", async () => {
    const { client, server, receiver } = stack;
    receiver.always(500);
    const url = receiver.url();
    await client.publish({ url, body: "x", retries: 0, deduplicationId: "failed" });
    await server.idle();
    const { messageId } = await client.publish({
      url,
      body: "x",
      delay: 60,
      deduplicationId: "cancelled",
    });
    await client.messages.cancel(messageId);
    await publishWithId("failed");
    await publishWithId("cancelled");
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test("by content, destination, body, type and forwarded headers make the difference", async () => {
    const { client, server, receiver } = stack;
    const same = { url: receiver.url(), body: "x", contentBasedDeduplication: true } as const;
    await client.publish({ ...same, headers: { "X-A": "1", "X-B": "2" } });
    await client.publish({ ...same, headers: { "X-B": "2", "X-A": "1" }, retries: 1 });
    await server.idle();
    expect(receiver.received).toHaveLength(1);
    await client.publish({ ...same, headers: { "X-A": "1", "X-B": "3" } });
    await client.publish({ ...same, url: receiver.url("/other") });
    await client.publish({ ...same, body: "y" });
    await client.publish({ ...same, headers: { "Content-Type": "text/csv" } });
    await server.idle();
    expect(receiver.received).toHaveLength(5);
  });

  test("a duplicate to a URL group is answered with the first ids of each endpoint", async () => {
    const { client, server, receiver } = stack;
    const endpoints = [{ url: receiver.url("/g1") }, { url: receiver.url("/g2") }];
    await client.urlGroups.addEndpoints({ name: "group", endpoints });
    const request = { urlGroup: "group", body: "x", deduplicationId: "one" };
    const first = await client.publish(request);
    const second = await client.publish(request);
    await server.idle();
    const marked = first.map((message) => Object.assign({}, message, { deduplicated: true }));
    expect(second).toEqual(marked);
    expect(receiver.received).toHaveLength(2);
  });

  test("a message that was turned down leaves its id free", async () => {
    const { client, server, receiver } = stack;
    const headers = { "Upstash-Delay": "soon" };
    const url = receiver.url();
    const bad = client.publish({ url, body: "x", deduplicationId: "task-1", headers });
    await expect(bad).rejects.toMatchObject({ status: 400 });
    await publishWithId("task-1");
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });
});
