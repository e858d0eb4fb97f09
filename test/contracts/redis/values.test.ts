import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, send, startServer } from "./support.ts";

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startServer();
  redis = connect(server);
});
afterAll(() => server.close());
beforeEach(() => server.flush());

describe("strings", () => {
  it("SET gives back through GET what was set, with umlauts and emoji", async () => {
    const value = { name: "Jürgen 😀", list: [1, "ß"] };
    expect(await redis.set("k", value)).toBe("OK");
    expect(await redis.get("k")).toEqual(value);
  });

  it("GET of a missing key is null", async () => {
    expect(await redis.get("none")).toBeNull();
  });

  it("SET with NX leaves an existing value and answers null", async () => {
    await redis.set("k", "old");
    expect(await redis.set("k", "new", { nx: true })).toBeNull();
    expect(await redis.get("k")).toBe("old");
  });

  it("SET with XX does not create a key and answers null", async () => {
    expect(await redis.set("k", "v", { xx: true })).toBeNull();
    expect(await redis.exists("k")).toBe(0);
  });

  it("SET with GET answers the previous value, with NX too", async () => {
    expect(await redis.set("k", "a", { get: true })).toBeNull();
    expect(await redis.set("k", "b", { get: true })).toBe("a");
    expect(await redis.set("k", "c", { get: true, nx: true })).toBe("b");
    expect(await redis.get("k")).toBe("b");
  });

  it("GETDEL answers the value and removes the key", async () => {
    await redis.set("k", "v");
    expect(await redis.getdel("k")).toBe("v");
    expect(await redis.exists("k")).toBe(0);
  });

  it("INCR starts at 0 and is exact up to 64 bits", async () => {
    expect(await redis.incr("n")).toBe(1);
    await send(server, "SET", "n", "9223372036854775806");
    const answer = await fetch(server.url, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body: '["INCR","n"]',
    });
    expect(await answer.text()).toBe('{"result":9223372036854775807}');
  });

  it("INCR beyond 64 bits is an error and changes nothing", async () => {
    await send(server, "SET", "n", "9223372036854775807");
    await expect(redis.incr("n")).rejects.toThrow("ERR increment or decrement would overflow");
    expect(await send(server, "GET", "n")).toEqual({ result: "9223372036854775807" });
  });

  it("INCR of text is an error", async () => {
    await redis.set("k", "text");
    await expect(redis.incr("k")).rejects.toThrow("ERR value is not an integer or out of range");
  });

  it("STRLEN and APPEND count bytes, not characters", async () => {
    expect(await redis.append("k", "ü")).toBe(2);
    expect(await redis.append("k", "😀")).toBe(6);
    expect(await redis.strlen("k")).toBe(6);
  });

  it("MSETNX sets nothing if one of the keys exists", async () => {
    await redis.set("b", "old");
    expect(await redis.msetnx({ a: "1", b: "2" })).toBe(0);
    expect(await redis.mget("a", "b")).toEqual([null, "old"]);
  });

  it("a key may be empty, or hold any bytes", async () => {
    await redis.set("", "empty");
    await redis.set("a\0\n", "odd");
    expect(await redis.mget("", "a\0\n")).toEqual(["empty", "odd"]);
  });
});

describe("keys", () => {
  it("TYPE is string for a key that is there, none for another", async () => {
    await redis.set("k", "v");
    expect([await redis.type("k"), await redis.type("none")]).toEqual(["string", "none"]);
  });

  it("SCAN sees each key that exists throughout exactly once, while others come and go", async () => {
    const names = Array.from({ length: 100 }, (_, at) => `task:${at}`);
    await redis.mset(Object.fromEntries([...names, "gone:1", "gone:2"].map((name) => [name, "v"])));
    const seen: string[] = [];
    let cursor = "0";
    let page = 0;
    do {
      const [next, keys] = await redis.scan(cursor, { match: "task:*", count: 7 });
      seen.push(...keys.filter((key) => names.includes(key)));
      cursor = next;
      page += 1;
      await redis.del("gone:1", "gone:2", `new:${page - 1}`);
      await redis.set(`new:${page}`, "v");
    } while (cursor !== "0" && page < 100);
    expect(seen.toSorted()).toEqual(names.toSorted());
  });

  it("SCAN answers the same page again to the same cursor, as after a lost answer", async () => {
    await redis.mset(Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`k${at}`, at])));
    const [cursor] = await redis.scan("0");
    const once = await redis.scan(cursor);
    expect(await redis.scan(cursor)).toEqual(once);
  });

  it("SCAN with TYPE sees only that type, and all keys are strings", async () => {
    await redis.set("text", "v");
    expect(await redis.scan("0", { type: "string" })).toEqual(["0", ["text"]]);
    expect(await redis.scan("0", { type: "set" })).toEqual(["0", []]);
  });

  it("FLUSHDB removes all keys, and flush() of the server too", async () => {
    await redis.set("a", 1);
    expect(await redis.flushdb()).toBe("OK");
    expect(await redis.dbsize()).toBe(0);
    await redis.set("b", 1);
    await server.flush();
    expect(await redis.exists("b")).toBe(0);
  });
});
