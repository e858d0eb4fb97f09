import { createHash } from "node:crypto";
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LuaInterpreter } from "../../../local/redis/lua/interpreter.ts";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, request, send, startServer } from "./support.ts";

/** Sets a task's copy unless the stored one has the same version or a newer one. */
const SET_IF_NEWER = `
local current = redis.call('GET', KEYS[1])
if current and tonumber(current:match('"version":(%d+)')) >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1`;
const SHORT_LIMIT_MS = 20;
const NOSCRIPT = "NOSCRIPT No matching script. Please use EVAL.";

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startServer();
  redis = connect(server);
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.flush();
  await redis.scriptFlush();
});

describe("EVAL", () => {
  it("a version compared inside Redis lets no older copy win, in whatever order they come", async () => {
    const versions = Array.from({ length: 40 }, (_, at) => ((at * 17) % 40) + 1);
    const set = async (version: number): Promise<unknown> =>
      redis.eval(SET_IF_NEWER, ["task"], [JSON.stringify({ version }), String(version), "100"]);
    const answers = await Promise.all(versions.map((version) => set(version)));
    expect(await redis.get("task")).toEqual({ version: 40 });
    expect(await redis.ttl("task")).toBe(100);
    expect(answers).toContain(0);
    expect(await set(40)).toBe(0);
  });

  it("umlauts and emoji in JSON survive ARGV, SET and GET unchanged", async () => {
    const json = JSON.stringify({ title: "Größe 😀", nested: { ключ: ["日本", null, 1.5] } });
    const raw = connect(server, { automaticDeserialization: false });
    await raw.eval("redis.call('SET', KEYS[1], ARGV[1])", ["ключ"], [json]);
    expect(await raw.get("ключ")).toBe(json);
  });

  it("all 256 bytes survive both ways", async () => {
    const script = `
      local bytes = {}
      for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
      redis.call('SET', KEYS[1], table.concat(bytes))
      local stored = redis.call('GET', KEYS[1])
      return {#stored, string.byte(stored, 1), string.byte(stored, 256), stored}`;
    const headers = { "Upstash-Encoding": "base64" };
    const answer = await request(server, "/", { headers, body: ["EVAL", script, 1, "k"] });
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("base64");
    expect(answer.body).toEqual({ result: [256, 0, 255, all] });
  });

  it("a value of a megabyte survives", async () => {
    const value = "ä".repeat(500_000);
    const script = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])";
    expect(await redis.eval(script, ["k"], [value])).toBe(value);
  });

  it("numbers lose their fraction, true is 1, false is null, a table ends at nil", async () => {
    expect(await redis.eval("return {1.9, -1.9, true, false, 'a', nil, 'b'}", [], [])).toEqual([
      1,
      -1,
      1,
      null,
      "a",
    ]);
  });

  it("a global variable cannot be written, so nothing leaks into the next script", async () => {
    await expect(redis.eval("leak = 1", [], [])).rejects.toThrow(
      "ERR user_script:1: Attempt to modify a readonly table",
    );
    await expect(redis.eval("return leak", [], [])).rejects.toThrow(
      "Script attempted to access nonexistent global variable 'leak'",
    );
  });

  it.each([
    "string.leak = 1",
    "rawset(_G, 'leak', 1)",
    "setmetatable(_G, nil)",
    "getmetatable('').__index = nil",
    "redis.call = nil",
    "loadstring('leak = 1')()",
  ])("the sandbox refuses %s", async (script) => {
    await expect(redis.eval(script, [], [])).rejects.toThrow(/readonly table|protected metatable/);
  });

  it.each([
    "os",
    "io",
    "require",
    "dofile",
    "loadfile",
    "debug",
    "package",
    "setfenv",
    "print",
    "cjson",
  ])("a script has no %s", async (name) => {
    await expect(redis.eval(`return ${name}`, [], [])).rejects.toThrow(
      `nonexistent global variable '${name}'`,
    );
  });

  it("bytecode is refused", async () => {
    expect(await redis.eval("return {loadstring('\\27Lua')}", [], [])).toEqual([]);
  });

  it("redis.call ends the script with the error, its hash and its line", async () => {
    await redis.set("k", "text");
    const answer = await send(
      server,
      "EVAL",
      "local x = 1\nreturn redis.call('INCR', KEYS[1])",
      1,
      "k",
    );
    expect(answer).toEqual({
      error: expect.stringMatching(
        /^ERR value is not an integer or out of range script: [\da-f]{40}, on @user_script:2\.$/,
      ),
    });
  });

  it("redis.pcall hands the error to the script", async () => {
    await redis.set("k", "text");
    const script = "local reply = redis.pcall('INCR', KEYS[1]) return 'caught ' .. reply.err";
    expect(await redis.eval(script, ["k"], [])).toBe(
      "caught ERR value is not an integer or out of range",
    );
  });

  it("what a script wrote before its error stays, as in Redis", async () => {
    const script = "redis.call('SET', KEYS[1], 'v') error('late')";
    await expect(redis.eval(script, ["k"], [])).rejects.toThrow("ERR user_script:1: late");
    expect(await redis.get("k")).toBe("v");
  });

  it("redis.error_reply is an error, redis.status_reply a status", async () => {
    await expect(redis.eval("return redis.error_reply('MY words')", [], [])).rejects.toThrow(
      "MY words",
    );
    expect(await redis.eval("return redis.status_reply('fine')", [], [])).toBe("fine");
  });

  it("redis.call works from a coroutine", async () => {
    await redis.set("k", "v");
    const script = "return coroutine.wrap(function() return redis.call('GET', KEYS[1]) end)()";
    expect(await redis.eval(script, ["k"], [])).toBe("v");
  });

  it("a script that does not end is stopped, and the next one runs", async () => {
    const interpreter = await LuaInterpreter.create(() => null, SHORT_LIMIT_MS);
    const run = (source: string): unknown =>
      interpreter.run(interpreter.compile(source), sha1(source), [], []);
    expect(run("while true do end")).toMatchObject({
      message: expect.stringContaining("Script ran longer than the 20 ms"),
    });
    expect(run("return 1")).toBe(1);
    interpreter.close();
  });

  it("of scripts that came by EVAL only the last 500 are kept, as since Redis 7.4", async () => {
    for (let at = 0; at < 20; at += 1) {
      const body = Array.from({ length: 100 }, (_, of) => ["EVAL", `return ${at * 100 + of}`, 0]);
      await request(server, "/pipeline", { body });
    }
    const hashes = ["return 0", "return 1499", "return 1500", "return 1999"].map((of) => sha1(of));
    expect(await redis.scriptExists(...hashes)).toEqual([0, 0, 1, 1]);
  });
});

describe("100,000 scripts in one VM", () => {
  it("leave its memory as large as the first 10,000 did", async () => {
    const stored = new Map<string, string>();
    const vmOf = await LuaInterpreter.create(({ name, args: [key = "", value = ""] }) => {
      if (name === "SET") stored.set(key, value);
      return stored.get(key) ?? null;
    });
    const script = vmOf.compile(SET_IF_NEWER);
    const run = (version: number): unknown =>
      vmOf.run(script, "", ["task"], [JSON.stringify({ version }), String(version), "1"]);
    for (let version = 1; version <= 10_000; version += 1) run(version);
    const before = vmOf.memoryBytes();
    for (let version = 10_001; version <= 100_000; version += 1) run(version);
    expect(run(100_001)).toBe(1);
    expect(vmOf.memoryBytes()).toBe(before);
    vmOf.close();
  });
});

describe("EVALSHA and SCRIPT", () => {
  it("an unknown hash is NOSCRIPT with 400", async () => {
    const answer = await request(server, "/", { body: ["EVALSHA", "f".repeat(40), 0] });
    expect(answer).toMatchObject({ status: 400, body: { error: NOSCRIPT } });
  });

  it("the SDK's Script falls back from EVALSHA to EVAL once, then the hash is known", async () => {
    const script = redis.createScript<number>(SET_IF_NEWER);
    server.operations.clear();
    expect(await script.exec(["task"], ['{"version":1}', "1", "10"])).toBe(1);
    expect(await script.exec(["task"], ['{"version":2}', "2", "10"])).toBe(1);
    const names = server.operations.all().map(({ name }) => name);
    expect(names).toEqual(["EVALSHA", "EVAL", "EVALSHA"]);
  });

  it("SCRIPT LOAD answers the SHA-1, EXISTS knows it, FLUSH forgets it", async () => {
    const hash = await redis.scriptLoad("return ARGV[1]");
    expect(hash).toBe(sha1("return ARGV[1]"));
    expect(await redis.evalsha(hash, [], ["a"])).toBe("a");
    expect(await redis.scriptExists(hash, "0".repeat(40))).toEqual([1, 0]);
    await redis.scriptFlush();
    await expect(redis.evalsha(hash, [], ["a"])).rejects.toThrow(NOSCRIPT);
  });

  it("FLUSHALL keeps scripts", async () => {
    const hash = await redis.scriptLoad("return 1");
    await redis.flushall();
    expect(await redis.evalsha(hash, [], [])).toBe(1);
  });

  it("a script that is no Lua is refused by EVAL and by SCRIPT LOAD", async () => {
    const words = "ERR Error compiling script (new function): user_script:1:";
    await expect(redis.eval("return (", [], [])).rejects.toThrow(words);
    await expect(redis.scriptLoad("return (")).rejects.toThrow(words);
  });

  it("EVAL is one operation, a write, with the first key as its target", async () => {
    server.operations.clear();
    await redis.eval(
      "redis.call('SET', KEYS[2], '1') return redis.call('GET', KEYS[1])",
      ["a", "b"],
      [],
    );
    expect(server.operations.all()).toEqual([{ name: "EVAL", target: "a", isWrite: true }]);
  });
});

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
