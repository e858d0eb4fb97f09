import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FaultAction, FaultPhase } from "../../../local/faults.ts";
import { gate } from "./receiver.ts";
import { HOUR_MS, MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("faults and misbehaviours", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const arm = (name: string, phase: FaultPhase, action: FaultAction, times = 1): void => {
    const match = (operation: { readonly name: string }) => operation.name === name;
    stack.server.faults.add({ phase, match, action, times });
  };

  const publish = (path = "/job", options: object = {}) =>
    stack.client.publish({ url: stack.receiver.url(path), body: path, ...options });

  test("a publish cut before it: the caller has no answer and nothing is accepted", async () => {
    const { server, receiver } = stack;
    arm("publish", "before", { kind: "cut" });
    await expect(publish()).rejects.toThrow("fetch failed");
    await server.idle();
    expect(receiver.received).toEqual([]);
    expect(server.operations.all()).toEqual([]);
    await publish();
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test("a publish cut after it: the caller has no answer but the message is delivered", async () => {
    const { server, receiver } = stack;
    arm("publish", "after", { kind: "cut" });
    await expect(publish()).rejects.toThrow("fetch failed");
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test("a caller that repeats a cut publish with its id causes one delivery", async () => {
    const { server, receiver } = stack;
    arm("publish", "after", { kind: "cut" });
    await expect(publish("/job", { deduplicationId: "task-1" })).rejects.toThrow("fetch failed");
    const again = await publish("/job", { deduplicationId: "task-1" });
    await server.idle();
    expect(again).toMatchObject({ deduplicated: true });
    expect(receiver.received).toHaveLength(1);
  });

  test("a refused publish is answered 500 and not accepted", async () => {
    const { server, receiver } = stack;
    arm("publish", "before", { kind: "refuse" });
    await expect(publish()).rejects.toMatchObject({ status: 500 });
    await server.idle();
    expect(receiver.received).toEqual([]);
  });

  test("a delayed publish is held for that long in real time", async () => {
    const { server } = stack;
    arm("publish", "before", { kind: "delay", ms: 40 });
    const startMs = performance.now();
    await publish();
    await server.idle();
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(39);
  });

  test("a held delivery is made when it is let go", async () => {
    const { server, receiver } = stack;
    const door = new AbortController();
    const until = new Promise<void>((resolve) => {
      door.signal.addEventListener("abort", () => resolve());
    });
    arm("deliver", "before", { kind: "hold", until });
    await publish();
    expect(receiver.received).toEqual([]);
    door.abort();
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test("a batch cut at one of its messages accepts none of them", async () => {
    const { client, server, receiver } = stack;
    server.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "batch-item" && target.endsWith("/b"),
      action: { kind: "cut" },
    });
    const batch = ["/a", "/b"].map((path) => ({ url: receiver.url(path), body: "x" }));
    await expect(client.batch(batch)).rejects.toThrow("fetch failed");
    await server.idle();
    expect(receiver.received).toEqual([]);
  });

  test("a delivery cut before it isn't made and is tried again after the back-off", async () => {
    const { clock, secondsAt } = stack;
    arm("deliver", "before", { kind: "cut" });
    await publish();
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/job")).toEqual([12]);
    expect(stack.receiver.received[0]?.headers["upstash-retried"]).toBe("1");
  });

  test("a delivery cut after it was answered is made again", async () => {
    const { clock, secondsAt } = stack;
    arm("deliver", "after", { kind: "cut" });
    const { messageId } = await publish();
    await clock.advanceBy(MINUTE_MS);
    expect(secondsAt("/job")).toEqual([0, 12]);
    const ids = stack.receiver.received.map(({ headers }) => headers["upstash-message-id"]);
    expect(ids).toEqual([messageId, messageId]);
  });

  test("a refused delivery counts as answered 500", async () => {
    const { client, clock, receiver } = stack;
    arm("deliver", "before", { kind: "refuse" });
    await publish("/job", { retries: 0 });
    await clock.advanceBy(1);
    expect(receiver.received).toEqual([]);
    expect((await client.dlq.listMessages()).messages).toMatchObject([{ responseStatus: 500 }]);
  });

  test("a management request can be cut, too", async () => {
    const { client, server } = stack;
    await publish("/job", { delay: 60 });
    arm("delete", "after", { kind: "cut" });
    await expect(client.messages.cancel({ all: true })).rejects.toThrow("fetch failed");
    expect(server.pendingMessages()).toEqual([]);
  });

  test("operations are recorded: accepted messages, attempts, and the rest by its verb", async () => {
    const { api, client, clock, server, receiver } = stack;
    receiver.byPath({ "/b": 500 });
    await publish("/a");
    await client.batch([{ url: receiver.url("/b"), body: "x", retries: 1 }]);
    await client.queue({ queueName: "line" }).enqueue({ url: receiver.url("/c"), body: "x" });
    await api("POST", "/v2/publish/ftp://x.example");
    await clock.advanceBy(MINUTE_MS);
    await client.dlq.listMessages();
    await client.dlq.delete({ all: true });
    const seen = server.operations.all().map(({ name, target, isWrite }) => {
      const { pathname } = new URL(target, "http://stand-in");
      return `${name} ${pathname} ${isWrite ? "write" : "read"}`;
    });
    expect(seen.toSorted()).toEqual(
      [
        "publish /a write",
        "deliver /a write",
        "batch-item /b write",
        "deliver /b write",
        "deliver /b write",
        "enqueue /c write",
        "deliver /c write",
        "get /v2/dlq read",
        "delete /v2/dlq write",
      ].toSorted(),
    );
  });

  test("duplicate: each matching message is delivered so many times with one id", async () => {
    const { client, server, receiver } = stack;
    server.misbehaviours.add({
      kind: "duplicate",
      match: ({ target }) => target.endsWith("/twice"),
      deliveries: 3,
    });
    const { messageId } = await publish("/twice");
    await publish("/once");
    await server.idle();
    const requests = receiver.at("/twice");
    expect(requests.map(({ headers }) => headers["upstash-message-id"])).toEqual([
      messageId,
      messageId,
      messageId,
    ]);
    expect(requests.map(({ headers }) => headers["upstash-retried"])).toEqual(["0", "0", "0"]);
    expect(receiver.at("/once")).toHaveLength(1);
    expect(receiver.mostAtOnce).toBeLessThanOrEqual(2);
    expect((await client.logs({ filter: { state: "DELIVERED" } })).logs).toHaveLength(2);
  });

  test("duplicate together: the copies are under way at the same time", async () => {
    const { server, receiver } = stack;
    server.misbehaviours.add({
      kind: "duplicate",
      match: () => true,
      deliveries: 2,
      together: true,
      times: 1,
    });
    let arrived = 0;
    const bothHere = gate();
    receiver.answering = async () => {
      arrived += 1;
      if (arrived === 2) bothHere.open();
      await bothHere.opened;
      return { status: 200 };
    };
    await publish();
    await server.idle();
    expect(receiver.mostAtOnce).toBe(2);
  });

  test("reorder: a matching message is held until so many others have passed it", async () => {
    const { server, receiver } = stack;
    server.misbehaviours.add({
      kind: "reorder",
      match: (_, body) => body.toString() === "/late",
      after: 2,
    });
    for (const path of ["/late", "/1", "/2"]) {
      await publish(path);
      await server.idle();
    }
    await server.idle();
    expect(receiver.received.map(({ path }) => path)).toEqual(["/1", "/2", "/late"]);
  });

  test("reorder: what is held for others that never come can be let go", async () => {
    const { server, receiver } = stack;
    const lift = server.misbehaviours.add({
      kind: "reorder",
      match: () => true,
      after: 9,
      times: 1,
    });
    await publish("/late");
    await server.idle();
    expect(receiver.received).toEqual([]);
    expect(server.pendingMessages()).toMatchObject([{ state: "held" }]);
    lift();
    server.misbehaviours.releaseHeld();
    await server.idle();
    expect(receiver.received).toHaveLength(1);
  });

  test("nothing is delivered any more once the server is closed", async () => {
    const { clock, receiver, server } = stack;
    await publish("/job", { delay: 60 });
    await server.close();
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received).toEqual([]);
    // Its timer is gone, too: the message hasn't even fallen due.
    expect(server.pendingMessages()).toMatchObject([{ state: "waiting" }]);
  });
});
