import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("URL groups", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
    const { client, receiver } = stack;
    await client.urlGroups.addEndpoints({
      name: "group",
      endpoints: [{ name: "one", url: receiver.url("/1") }, { url: receiver.url("/2") }],
    });
  });
  afterEach(() => stack.close());

  test("a message to a group is a message of its own for each endpoint", async () => {
    const { client, server, receiver } = stack;
    const answers = await client.publishJSON({ urlGroup: "group", body: { a: 1 } });
    await server.idle();
    expect(answers).toEqual([
      { messageId: expect.any(String), url: receiver.url("/1") },
      { messageId: expect.any(String), url: receiver.url("/2") },
    ]);
    for (const [index, path] of ["/1", "/2"].entries()) {
      expect(receiver.at(path)[0]).toMatchObject({
        body: '{"a":1}',
        headers: {
          "upstash-topic-name": "group",
          "upstash-message-id": answers[index]?.messageId,
        },
      });
    }
  });

  test("the endpoints of a group are retried each for itself", async () => {
    const { client, clock, receiver, secondsAt } = stack;
    receiver.byPath({ "/2": 500 });
    await client.publish({ urlGroup: "group", body: "x", retries: 1 });
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/1")).toEqual([0]);
    expect(secondsAt("/2")).toEqual([0, 12]);
    const { messages } = await client.dlq.listMessages({ filter: { urlGroup: "group" } });
    expect(messages).toMatchObject([{ url: receiver.url("/2"), urlGroup: "group" }]);
  });

  test("a callback names the group and the endpoint", async () => {
    const { client, server, receiver } = stack;
    await client.publish({ urlGroup: "group", body: "x", callback: receiver.url("/cb") });
    await server.idle();
    const bodies = receiver.at("/cb").map(({ body }): unknown => JSON.parse(body));
    expect(bodies).toContainEqual(
      expect.objectContaining({ topicName: "group", endpointName: "one", url: receiver.url("/1") }),
    );
    expect(bodies).toHaveLength(2);
  });

  test("a group is read and listed with its endpoints", async () => {
    const { client, receiver, startMs } = stack;
    const expected = {
      name: "group",
      createdAt: startMs,
      updatedAt: startMs,
      endpoints: [{ name: "one", url: receiver.url("/1") }, { url: receiver.url("/2") }],
    };
    expect(await client.urlGroups.get("group")).toEqual(expected);
    expect(await client.urlGroups.list()).toEqual([expected]);
  });

  test("adding an endpoint with a known name moves it", async () => {
    const { client, receiver } = stack;
    const endpoints = [{ name: "one", url: receiver.url("/3") }];
    await client.urlGroups.addEndpoints({ name: "group", endpoints });
    const group = await client.urlGroups.get("group");
    expect(group.endpoints).toEqual([
      { url: receiver.url("/2") },
      { name: "one", url: receiver.url("/3") },
    ]);
  });

  test("endpoints are removed by name or URL; the group goes with the last", async () => {
    const { client, receiver } = stack;
    await client.urlGroups.removeEndpoints({ name: "group", endpoints: [{ name: "one" }] });
    expect((await client.urlGroups.get("group")).endpoints).toEqual([{ url: receiver.url("/2") }]);
    const endpoints = [{ url: receiver.url("/2") }];
    await client.urlGroups.removeEndpoints({ name: "group", endpoints });
    await expect(client.urlGroups.get("group")).rejects.toMatchObject({ status: 404 });
  });

  test("a deleted group can't be published to", async () => {
    const { client } = stack;
    await client.urlGroups.delete("group");
    const attempt = client.publish({ urlGroup: "group", body: "x" });
    await expect(attempt).rejects.toMatchObject({ status: 404 });
  });

  test("default headers of a group hold unless the message has its own", async () => {
    const { api, client, server } = stack;
    const headers = { "Upstash-Retries": ["7"], "Upstash-Delay": "30s" };
    await api("PATCH", "/v2/topics/group", { body: JSON.stringify({ headers }) });
    await client.publish({ urlGroup: "group", body: "x", retries: 1 });
    expect(server.pendingMessages()).toMatchObject([
      { maxRetries: 1, notBefore: stack.startMs + 30_000 },
      { maxRetries: 1, notBefore: stack.startMs + 30_000 },
    ]);
  });

  test.each([
    ["a b", { endpoints: [{ url: "https://a.example" }] }],
    ["ok", { endpoints: [{ url: "nowhere" }] }],
    ["ok", { endpoints: [{ name: "only-a-name" }] }],
    ["ok", { endpoints: [{}] }],
    ["ok", {}],
  ])("adding to %s with %j is answered 400", async (name, body) => {
    const path = `/v2/topics/${encodeURIComponent(name)}/endpoints`;
    const answer = await stack.api("POST", path, { body: JSON.stringify(body) });
    expect(answer).toMatchObject({ status: 400, json: { error: expect.any(String) } });
  });
});
