import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultAction, FaultPhase } from "../../../local/faults.ts";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, request, send, startServer } from "./support.ts";

const DELAY_MS = 60;

let server: RedisServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.faults.clear();
  server.operations.clear();
  await server.flush();
});

function onSet(phase: FaultPhase, action: FaultAction, times = 1): void {
  server.faults.add({ phase, action, times, match: ({ name }) => name === "SET" });
}

describe("a cut", () => {
  it("before: no answer, and the command is not applied", async () => {
    onSet("before", { kind: "cut" });
    await expect(send(server, "SET", "k", "v")).rejects.toThrow("fetch failed");
    expect(await send(server, "GET", "k")).toEqual({ result: null });
  });

  it("after: no answer, but the command is applied", async () => {
    onSet("after", { kind: "cut" });
    await expect(send(server, "SET", "k", "v")).rejects.toThrow("fetch failed");
    expect(await send(server, "GET", "k")).toEqual({ result: "v" });
  });

  it("in the middle of a pipeline: the commands before it are applied, those after it are not", async () => {
    onSet("before", { kind: "cut" });
    const body = [
      ["INCR", "a"],
      ["SET", "k", "v"],
      ["INCR", "b"],
    ];
    await expect(request(server, "/pipeline", { body })).rejects.toThrow("fetch failed");
    expect(await send(server, "MGET", "a", "k", "b")).toEqual({ result: ["1", null, null] });
  });

  it("before any command of a transaction: none is applied; after one: all are", async () => {
    const body = [
      ["INCR", "a"],
      ["SET", "k", "v"],
      ["INCR", "b"],
    ];
    onSet("before", { kind: "cut" });
    await expect(request(server, "/multi-exec", { body })).rejects.toThrow("fetch failed");
    expect(await send(server, "MGET", "a", "k", "b")).toEqual({ result: [null, null, null] });
    onSet("after", { kind: "cut" });
    await expect(request(server, "/multi-exec", { body })).rejects.toThrow("fetch failed");
    expect(await send(server, "MGET", "a", "k", "b")).toEqual({ result: ["1", "v", "1"] });
  });

  it("a retried INCR whose answer was lost counts twice: the client cannot know", async () => {
    server.faults.add({
      phase: "after",
      action: { kind: "cut" },
      times: 1,
      match: ({ name }) => name === "INCR",
    });
    expect(await connect(server).incr("n")).toBe(2);
  });
});

describe("a refusal", () => {
  it("answers 500 with an error, and before means not applied", async () => {
    onSet("before", { kind: "refuse" });
    const answer = await request(server, "/", { body: ["SET", "k", "v"] });
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ error: expect.any(String) });
    expect(await send(server, "EXISTS", "k")).toEqual({ result: 0 });
  });

  it("refuses a whole pipeline with 500", async () => {
    onSet("after", { kind: "refuse" });
    const answer = await request(server, "/pipeline", {
      body: [
        ["SET", "k", "v"],
        ["GET", "k"],
      ],
    });
    expect(answer.status).toBe(500);
    expect(await send(server, "GET", "k")).toEqual({ result: "v" });
  });

  it("reaches the client as an error that is not retried", async () => {
    onSet("before", { kind: "refuse" }, 5);
    await expect(connect(server).set("k", "v")).rejects.toThrow("fault plan");
    expect(server.operations.all()).toHaveLength(1);
  });
});

describe("a delay", () => {
  it("before: others see the old value meanwhile; after: they see the new one", async () => {
    onSet("before", { kind: "delay", ms: DELAY_MS });
    const first = send(server, "SET", "k", "1");
    expect(await send(server, "GET", "k")).toEqual({ result: null });
    await first;
    onSet("after", { kind: "delay", ms: DELAY_MS });
    let isAnswered = false;
    const second = send(server, "SET", "k", "2").then(() => (isAnswered = true));
    await expect.poll(() => send(server, "GET", "k")).toEqual({ result: "2" });
    expect(isAnswered).toBe(false);
    await second;
  });
});

describe("the operation log", () => {
  it("has one entry for each command, in upper case, with key and kind, in order", async () => {
    await request(server, "/pipeline", {
      body: [
        ["set", "a", "1"],
        ["get", "a"],
      ],
    });
    await request(server, "/multi-exec", { body: [["del", "a"]] });
    await send(server, "ping");
    expect(server.operations.all()).toEqual([
      { name: "SET", target: "a", isWrite: true },
      { name: "GET", target: "a", isWrite: false },
      { name: "DEL", target: "a", isWrite: true },
      { name: "PING", target: "", isWrite: false },
    ]);
  });

  it("skip and times let a test pick the third write", async () => {
    server.faults.add({
      phase: "before",
      action: { kind: "refuse" },
      skip: 2,
      times: 1,
      match: ({ isWrite }) => isWrite,
    });
    const statuses: number[] = [];
    for (const key of ["a", "b", "c", "d"]) {
      statuses.push((await request(server, "/", { body: ["SET", key, "v"] })).status);
    }
    expect(statuses).toEqual([200, 200, 500, 200]);
  });
});

describe("a hold", () => {
  it("keeps the command until it is let go, and says when it came", async () => {
    const door = new AbortController();
    const until = new Promise<void>((resolve) => {
      door.signal.addEventListener("abort", () => resolve());
    });
    const came: string[] = [];
    server.faults.add({
      phase: "before",
      match: ({ name }) => name === "SET",
      action: { kind: "hold", until },
      onAct: ({ target }) => came.push(target),
    });
    const held = send(server, "SET", "k", "v");
    await expect.poll(() => came).toEqual(["k"]);
    expect(await send(server, "GET", "k")).toEqual({ result: null });
    door.abort();
    await held;
    expect(await send(server, "GET", "k")).toEqual({ result: "v" });
  });
});
