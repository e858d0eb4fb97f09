import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, send, startServer } from "./support.ts";

const WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

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

describe("hashes", () => {
  it("HSET answers the number of new fields only", async () => {
    expect(await redis.hset("h", { a: 1, b: 2 })).toBe(2);
    expect(await redis.hset("h", { a: 3, c: 4 })).toBe(1);
    expect(await redis.hgetall("h")).toEqual({ a: 3, b: 2, c: 4 });
  });

  it("a hash without fields does not exist", async () => {
    await redis.hset("h", { a: 1 });
    expect(await redis.hdel("h", "a", "none")).toBe(1);
    expect(await redis.exists("h")).toBe(0);
    expect(await redis.hgetall("h")).toBeNull();
  });

  it("HINCRBY of text is an error", async () => {
    await redis.hset("h", { a: "text" });
    await expect(redis.hincrby("h", "a", 1)).rejects.toThrow("ERR hash value is not an integer");
  });

  it("HSETNX leaves an existing field", async () => {
    await redis.hset("h", { a: "old" });
    expect(await redis.hsetnx("h", "a", "new")).toBe(0);
    expect(await redis.hget("h", "a")).toBe("old");
  });
});

describe("sets", () => {
  it("SADD counts new members once", async () => {
    expect(await redis.sadd("s", "a", "b", "a")).toBe(2);
    expect(await redis.sadd("s", "b", "c")).toBe(1);
  });

  it("SPOP with a count takes different members, and the last one takes the key", async () => {
    await redis.sadd("s", "a", "b", "c");
    const popped = (await redis.spop<string[]>("s", 2)) ?? [];
    expect(new Set(popped).size).toBe(2);
    await redis.spop("s");
    expect(await redis.exists("s")).toBe(0);
  });

  it("SRANDMEMBER takes nothing away, and a negative count may repeat members", async () => {
    await redis.sadd("s", "a", "b");
    expect(await redis.srandmember<string[]>("s", -5)).toHaveLength(5);
    expect(await redis.scard("s")).toBe(2);
  });
});

describe("sorted sets", () => {
  beforeEach(async () => {
    await redis.zadd("z", { score: 3, member: "c" }, { score: 1, member: "a" });
    await redis.zadd("z", { score: 2, member: "b" });
  });

  it("members of one score are in the order of their bytes", async () => {
    for (const member of ["b", "ä", "a", "B"]) await redis.zadd("same", { score: 0, member });
    expect(await redis.zrange("same", 0, -1)).toEqual(["B", "a", "b", "ä"]);
  });

  it("ZADD with GT only raises a score, and still adds new members", async () => {
    await redis.zadd("z", { gt: true }, { score: 1, member: "b" }, { score: 5, member: "new" });
    expect(await redis.zscore("z", "b")).toBe(2);
    expect(await redis.zscore("z", "new")).toBe(5);
  });

  it("ZRANGE by score with an exclusive limit, REV and LIMIT", async () => {
    const range = await redis.zrange("z", "+inf", "(1", {
      byScore: true,
      rev: true,
      offset: 0,
      count: 1,
    });
    expect(range).toEqual(["c"]);
  });

  it("a changed score moves the member in ranges read before", async () => {
    expect(await redis.zrange("z", 0, -1)).toEqual(["a", "b", "c"]);
    await redis.zadd("z", { score: 9, member: "a" });
    expect(await redis.zrange("z", 0, -1)).toEqual(["b", "c", "a"]);
    expect(await redis.zrank("z", "a")).toBe(2);
  });

  it("ZPOPMIN takes the lowest with its score", async () => {
    expect(await redis.zpopmin("z", 2)).toEqual(["a", 1, "b", 2]);
    expect(await redis.zcard("z")).toBe(1);
  });

  it("scores have the shortest digits that read back the same", async () => {
    await redis.zadd("z", { score: 0.1, member: "tenth" });
    expect(await send(server, "ZSCORE", "z", "tenth")).toEqual({ result: "0.1" });
  });

  it("ZREMRANGEBYSCORE removes a span of scores, the last one the key", async () => {
    expect(await redis.zremrangebyscore("z", 1, 2)).toBe(2);
    expect(await redis.zremrangebyscore("z", "-inf", "+inf")).toBe(1);
    expect(await redis.exists("z")).toBe(0);
  });
});

describe("lists", () => {
  it("LPUSH puts the last argument first, RPOP takes from the end", async () => {
    await redis.lpush("l", "a", "b", "c");
    expect(await redis.lrange("l", 0, -1)).toEqual(["c", "b", "a"]);
    expect(await redis.rpop("l")).toBe("a");
  });
});

describe("keys", () => {
  it("a command for another type is WRONGTYPE and changes nothing", async () => {
    await redis.set("k", "v");
    await expect(redis.lpush("k", "a")).rejects.toThrow(WRONGTYPE);
    await expect(redis.hset("k", { a: 1 })).rejects.toThrow(WRONGTYPE);
    expect(await redis.get("k")).toBe("v");
  });

  it("SET replaces a value of any type", async () => {
    await redis.lpush("k", "a");
    await redis.set("k", "v");
    expect(await redis.type("k")).toBe("string");
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

  it("SCAN with TYPE sees only that type", async () => {
    await redis.set("text", "v");
    await redis.sadd("set", "a");
    expect(await redis.scan("0", { type: "set" })).toEqual(["0", ["set"]]);
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
