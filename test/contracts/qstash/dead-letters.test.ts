import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS, startStack, textOf } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("dead letters", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
    stack.receiver.answering = () => ({ status: 500, body: "broken" });
  });
  afterEach(() => stack.close());

  const fail = async (path: string, label?: string): Promise<string> => {
    const { client, receiver, server } = stack;
    const { messageId } = await client.publish({
      url: receiver.url(path),
      body: path,
      retries: 0,
      ...(label !== undefined && { label }),
    });
    await server.idle();
    return messageId;
  };

  const list = async (options: Parameters<Stack["client"]["dlq"]["listMessages"]>[0] = {}) =>
    (await stack.client.dlq.listMessages(options)).messages;

  const idsOf = async (filter: object) =>
    (await list({ filter })).map(({ messageId }) => messageId);

  const bodiesOf = async (filter: { fromDate?: number; toDate?: number }) =>
    (await list({ filter })).map(({ body }) => body);

  test("a failed message is kept with its request and its last answer", async () => {
    const messageId = await fail("/a", "one");
    const [letter] = await list();
    expect(letter).toMatchObject({
      messageId,
      url: stack.receiver.url("/a"),
      method: "POST",
      body: "/a",
      maxRetries: 0,
      label: "one",
      labels: ["one"],
      callerIP: "127.0.0.1",
      responseStatus: 500,
      responseBody: "broken",
      responseHeader: { Connection: ["keep-alive"] },
    });
    const single = await stack.api("GET", `/v2/dlq/${letter?.dlqId}`);
    expect(single).toMatchObject({ status: 200, json: { messageId, dlqId: letter?.dlqId } });
  });

  test("an answer that isn't UTF-8 is kept as base64", async () => {
    const body = Buffer.from([0xff, 0xfe]);
    stack.receiver.answering = () => ({ status: 500, body });
    await fail("/a");
    const [letter] = await list();
    expect(letter?.responseBodyBase64).toBe(body.toString("base64"));
    expect(letter).not.toHaveProperty("responseBody");
  });

  test("values of one filter are OR, filters are AND", async () => {
    const { receiver } = stack;
    const ids = [await fail("/a", "red"), await fail("/b", "blue"), await fail("/c", "red,big")];
    expect(await idsOf({ label: "red" })).toEqual([ids[0], ids[2]]);
    expect(await idsOf({ label: ["blue", "big"] })).toEqual([ids[1], ids[2]]);
    expect(await idsOf({ label: "red", url: receiver.url("/c") })).toEqual([ids[2]]);
    expect(await idsOf({ messageId: ids[1] })).toEqual([ids[1]]);
    expect(await idsOf({ responseStatus: [404, 500] })).toEqual(ids);
    expect(await idsOf({ responseStatus: 404 })).toEqual([]);
    const { json } = await stack.api("GET", "/v2/dlq?label=blue,big");
    expect(json).toMatchObject({ messages: [{ messageId: ids[1] }, { messageId: ids[2] }] });
  });

  test("fromDate and toDate are inclusive", async () => {
    const { clock, startMs } = stack;
    await fail("/a");
    await clock.advanceBy(MINUTE_MS);
    await fail("/b");
    expect(await bodiesOf({ fromDate: startMs + MINUTE_MS })).toEqual(["/b"]);
    expect(await bodiesOf({ fromDate: startMs, toDate: startMs })).toEqual(["/a"]);
  });

  test.each([
    "state=FAILED",
    "host=x",
    "colour=red",
    "count=0",
    "fromDate=today",
    "order=random",
    "label=",
  ])("a list with %s is answered 400", async (query) => {
    const answer = await stack.api("GET", `/v2/dlq?${query}`);
    expect(answer).toMatchObject({ status: 400, json: { error: expect.any(String) } });
  });

  test("a list comes in pages; the last one has no cursor", async () => {
    for (const path of ["/a", "/b", "/c"]) await fail(path);
    const first = await stack.client.dlq.listMessages({ count: 2 });
    expect(first.messages.map(({ body }) => body)).toEqual(["/a", "/b"]);
    // What is removed meanwhile doesn't shift the next page.
    await stack.client.dlq.delete(first.messages[0]?.dlqId ?? "");
    const last = await stack.client.dlq.listMessages({ count: 2, cursor: String(first.cursor) });
    expect(last.messages.map(({ body }) => body)).toEqual(["/c"]);
    expect(last.cursor).toBeUndefined();
  });

  test("order=latestFirst turns the list and its pages round", async () => {
    for (const path of ["/a", "/b", "/c"]) await fail(path);
    const first = await stack.api("GET", "/v2/dlq?order=latestFirst&count=2");
    expect(first.json).toMatchObject({ messages: [{ body: "/c" }, { body: "/b" }] });
    const cursor = textOf(first.json, "cursor");
    const last = await stack.api("GET", `/v2/dlq?order=latestFirst&count=2&cursor=${cursor}`);
    expect(last.json).toMatchObject({ messages: [{ body: "/a" }] });
    expect(last.json).not.toHaveProperty("cursor");
  });

  test("a deleted dead letter is gone; deleting it again is answered 404", async () => {
    await fail("/a");
    const [letter] = await list();
    const path = `/v2/dlq/${letter?.dlqId}`;
    expect((await stack.api("DELETE", path)).status).toBe(200);
    expect(await list()).toEqual([]);
    expect(await stack.api("DELETE", path)).toMatchObject({ status: 404 });
    expect(await stack.api("GET", path)).toMatchObject({ status: 404 });
  });

  test("several are deleted by id, by filter, or all of them", async () => {
    const { client } = stack;
    for (const path of ["/a", "/b", "/c", "/d"]) await fail(path, path === "/c" ? "red" : "blue");
    const [first] = await list();
    expect(await client.dlq.delete([first?.dlqId ?? ""])).toMatchObject({ deleted: 1 });
    expect(await client.dlq.delete({ filter: { label: "red" } })).toMatchObject({ deleted: 1 });
    const partly = await client.dlq.delete({ all: true, count: 1 });
    expect(partly).toMatchObject({ deleted: 1, cursor: expect.any(String) });
    expect(await client.dlq.delete({ all: true })).toEqual({ deleted: 1 });
    expect(await list()).toEqual([]);
  });

  test("a retry is a new message with the same body and headers, and the dead letter is gone", async () => {
    const { client, server, receiver, api } = stack;
    await client.publish({
      url: receiver.url(),
      body: "again",
      retries: 0,
      headers: { "X-Business-Key": "k1" },
    });
    await server.idle();
    const [letter] = await list();
    receiver.always(200);
    const answer = await api("POST", `/v2/dlq/retry/${letter?.dlqId}`);
    await server.idle();
    const [, retried] = receiver.received;
    const newId = retried?.headers["upstash-message-id"];
    expect(answer).toEqual({ status: 201, json: { messageId: newId } });
    expect(newId).not.toBe(letter?.messageId);
    expect(retried).toMatchObject({
      body: "again",
      headers: { "x-business-key": "k1", "upstash-retried": "0" },
    });
    expect(await list()).toEqual([]);
  });

  test("headers of the retry go before the message's own; its delay has passed", async () => {
    const { api, client, clock, receiver } = stack;
    await client.publish({ url: receiver.url(), body: "x", retries: 0, delay: 60 });
    await clock.advanceBy(HOUR_MS);
    const [letter] = await list();
    const headers = { "Upstash-Retries": "1", "Upstash-Retry-Delay": "2000" };
    await api("POST", `/v2/dlq/retry/${letter?.dlqId}`, { headers });
    await clock.advanceBy(HOUR_MS);
    expect(stack.secondsAt("/job")).toEqual([60, 3_600, 3_602]);
  });

  test("several are retried at once, by id or by filter, with a new id for each", async () => {
    const { client, server, receiver } = stack;
    const ids = new Set([await fail("/a"), await fail("/b"), await fail("/c", "red")]);
    const letters = await list();
    receiver.always(200);
    const byId = await client.dlq.retry(letters.slice(0, 2).map(({ dlqId }) => dlqId));
    const byFilter = await client.dlq.retry({ filter: { label: "red" } });
    await server.idle();
    expect(byId.responses).toHaveLength(2);
    expect(byFilter).toEqual({ cursor: undefined, responses: [{ messageId: expect.any(String) }] });
    const delivered: unknown[] = receiver.received
      .slice(3)
      .map(({ headers }) => headers["upstash-message-id"]);
    const answered = [...byId.responses, ...byFilter.responses].map(({ messageId }) => messageId);
    expect(new Set(delivered)).toEqual(new Set(answered));
    expect(new Set([...ids, ...answered]).size).toBe(6);
  });

  test("a bulk retry that names a missing id is answered 404 and retries nothing", async () => {
    await fail("/a");
    const [letter] = await list();
    const attempt = stack.client.dlq.retry([letter?.dlqId ?? "", "0-0"]);
    await expect(attempt).rejects.toMatchObject({ status: 404 });
    expect(await list()).toHaveLength(1);
  });

  test("a dead letter is kept for seven days", async () => {
    await fail("/a");
    await stack.clock.advanceBy(7 * DAY_MS);
    expect(await list()).toHaveLength(1);
    await stack.clock.advanceBy(1);
    expect(await list()).toEqual([]);
  });
});
