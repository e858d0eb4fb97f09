import type { Redis } from "@upstash/redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, drivenClock, send, startServer } from "./support.ts";
import type { DrivenClock } from "./support.ts";

const DAY_S = 86_400;

let clock: DrivenClock;
let server: RedisServer;
let redis: Redis;

beforeEach(async () => {
  clock = drivenClock();
  server = await startServer({ now: clock.now });
  redis = connect(server);
});
afterEach(() => server.close());

describe("expiry", () => {
  it("a key lives through its last millisecond and is gone after it", async () => {
    await redis.set("k", "v", { ex: DAY_S });
    clock.advance(DAY_S * 1000);
    expect(await redis.get("k")).toBe("v");
    clock.advance(1);
    expect(await redis.get("k")).toBeNull();
  });

  it.each(["KEYS", "SCAN", "DBSIZE", "EXISTS", "TYPE", "TTL"])(
    "an expired key is not there for %s",
    async (name) => {
      await redis.set("k", "v", { px: 50 });
      clock.advance(51);
      const args = { KEYS: ["*"], SCAN: ["0"], DBSIZE: [] }[name] ?? ["k"];
      const expected = { KEYS: [], SCAN: ["0", []], TYPE: "none", TTL: -2 }[name] ?? 0;
      expect(await send(server, name, ...args)).toEqual({ result: expected });
    },
  );

  it("TTL rounds to the nearest second, PTTL is exact", async () => {
    await redis.set("k", "v", { ex: 10 });
    clock.advance(400);
    expect([await redis.ttl("k"), await redis.pttl("k")]).toEqual([10, 9600]);
    clock.advance(200);
    expect([await redis.ttl("k"), await redis.pttl("k")]).toEqual([9, 9400]);
  });

  it("SET without an expiry option removes the expiry, KEEPTTL keeps it", async () => {
    await redis.set("k", "v", { ex: 10 });
    await redis.set("k", "w", { keepTtl: true });
    expect(await redis.ttl("k")).toBe(10);
    await redis.set("k", "x");
    expect(await redis.ttl("k")).toBe(-1);
  });

  it("INCR and APPEND keep the expiry", async () => {
    await redis.set("n", 1, { ex: 10 });
    await redis.incr("n");
    await redis.append("n", "0");
    expect(await redis.ttl("n")).toBe(10);
  });

  it("NX sees an expired key as free", async () => {
    await redis.set("lock", "a", { nx: true, px: 1000 });
    expect(await redis.set("lock", "b", { nx: true, px: 1000 })).toBeNull();
    clock.advance(1001);
    expect(await redis.set("lock", "b", { nx: true, px: 1000 })).toBe("OK");
  });

  it("EXPIRE with GT never shortens, with LT never lengthens, and no expiry is infinite", async () => {
    await redis.set("k", "v");
    expect(await redis.expire("k", 100, "GT")).toBe(0);
    expect(await redis.expire("k", 100, "LT")).toBe(1);
    expect(await redis.expire("k", 200, "LT")).toBe(0);
    expect(await redis.expire("k", 200, "GT")).toBe(1);
    expect(await redis.ttl("k")).toBe(200);
  });

  it("an expiry in the past deletes the key and answers 1", async () => {
    await redis.set("k", "v");
    expect(await redis.pexpire("k", -1)).toBe(1);
    expect(await redis.exists("k")).toBe(0);
  });

  it("EXAT takes seconds since the epoch, PXAT milliseconds", async () => {
    const nowMs = clock.now();
    await redis.set("a", "v", { exat: nowMs / 1000 + 60 });
    await redis.set("b", "v", { pxat: nowMs + 61_000 });
    expect([await redis.pttl("a"), await redis.pttl("b")]).toEqual([60_000, 61_000]);
  });

  it("GETEX sets the expiry and PERSIST removes it", async () => {
    await redis.set("k", "v");
    expect(await redis.getex("k", { ex: 10 })).toBe("v");
    expect(await redis.ttl("k")).toBe(10);
    expect(await redis.persist("k")).toBe(1);
    expect(await redis.ttl("k")).toBe(-1);
  });

  it.each([0, -1])("SET with EX %i is an error and sets nothing", async (ex) => {
    expect(await send(server, "SET", "k", "v", "EX", ex)).toEqual({
      error: "ERR invalid expire time in 'set' command",
    });
    expect(await redis.exists("k")).toBe(0);
  });

  it("a key that expired and came back is without the old expiry", async () => {
    await redis.set("k", "old", { ex: 10 });
    clock.advance(10_001);
    await redis.append("k", "new");
    expect(await redis.get("k")).toBe("new");
    expect(await redis.ttl("k")).toBe(-1);
  });

  it("TIME is the driven clock", async () => {
    const nowMs = clock.now();
    expect(await redis.time()).toEqual([nowMs / 1000, 0]);
  });

  it("time stands still within a script", async () => {
    let tick = 0;
    const ticking = await startServer({ now: () => (tick += 1000) });
    try {
      const script = "return {redis.call('TIME')[1], redis.call('TIME')[1]}";
      const [a, b] = await connect(ticking).eval<[], [number, number]>(script, [], []);
      expect(a).toBe(b);
    } finally {
      await ticking.close();
    }
  });
});
