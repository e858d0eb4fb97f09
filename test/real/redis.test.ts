import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import getPort from "get-port";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../local/redis/server.ts";
import { SCRIPT_CATALOGUE } from "../contracts/redis/catalogue-scripts.ts";
import { CATALOGUE, UNKNOWN_COMMANDS } from "../contracts/redis/catalogue.ts";
import { request, send, startServer } from "../contracts/redis/support.ts";

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const GROUPS = [...CATALOGUE, ...SCRIPT_CATALOGUE];
const CONNECT_ATTEMPTS = 50;
/** The pipe closes however this process ends, so no Redis outlives a test run that was killed. */
const RUN_UNTIL_STDIN_ENDS = 'redis-server "$@" & cat; kill $!';
const CONNECT_PAUSE_MS = 100;

/** Waits for the process by trying, as it has no better sign of being ready. */
async function startBridge(redisUrl: string): Promise<RedisServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startServer({ redisUrl });
    } catch (error) {
      if (attempt === CONNECT_ATTEMPTS) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, CONNECT_PAUSE_MS);
      });
    }
  }
}

describe.skipIf(!hasRedis)(
  "against a real Redis (skipped where no redis-server binary is installed)",
  () => {
    let redis: ChildProcess;
    let redisUrl: string;
    let bridge: RedisServer;
    let memory: RedisServer;

    beforeAll(async () => {
      const port = await getPort();
      redisUrl = `redis://127.0.0.1:${port}`;
      const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", ""];
      redis = spawn("sh", ["-c", RUN_UNTIL_STDIN_ENDS, "redis-server", ...settings], {
        stdio: ["pipe", "ignore", "ignore"],
      });
      bridge = await startBridge(redisUrl);
      memory = await startServer();
    });

    afterAll(async () => {
      await bridge.close();
      await memory.close();
      redis.stdin?.end();
    });

    beforeEach(async () => {
      await bridge.flush();
      await memory.flush();
    });

    describe("the memory backend answers as Redis does, word for word:", () => {
      for (const [title, commands] of GROUPS) {
        it(title, async () => {
          for (const command of commands) {
            const expected = comparable(command, await send(bridge, ...command));
            const actual = comparable(command, await send(memory, ...command));
            expect({ command, answer: actual }).toEqual({ command, answer: expected });
          }
        });
      }
    });

    it("the bridge runs /multi-exec as MULTI and EXEC", async () => {
      const body = [
        ["SET", "a", "x"],
        ["INCR", "a"],
        ["GET", "a"],
      ];
      const answer = await request(bridge, "/multi-exec", { body });
      expect(answer.body).toEqual([
        { result: "OK" },
        { error: "ERR value is not an integer or out of range" },
        { result: "x" },
      ]);
    });

    it("the bridge discards a transaction with an unknown command as a whole", async () => {
      const body = [["SET", "a", "x"], ["NOPE"]];
      const answer = await request(bridge, "/multi-exec", { body });
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({
        error: "EXECABORT Transaction discarded because of previous errors.",
      });
      expect(await send(bridge, "GET", "a")).toEqual({ result: null });
    });

    it("an unknown command gets the very error that Redis sends, spelling and all", async () => {
      const direct = new Redis(redisUrl);
      try {
        for (const [name = "", ...args] of UNKNOWN_COMMANDS) {
          const { message } = await direct.call(name, ...args).then(unexpected, asError);
          const answer = { error: message };
          expect(await send(memory, name, ...args)).toEqual(answer);
          expect(await send(bridge, name, ...args)).toEqual(answer);
        }
      } finally {
        direct.disconnect();
      }
    });

    it("the bridge serves the types that memory has no commands for", async () => {
      await send(bridge, "HSET", "hash", "field", "grüß");
      expect(await send(bridge, "HGETALL", "hash")).toEqual({ result: ["field", "grüß"] });
      await send(bridge, "ZADD", "zset", 1.5, "member");
      expect(await send(bridge, "ZRANGE", "zset", 0, -1, "WITHSCORES")).toEqual({
        result: ["member", "1.5"],
      });
      await send(bridge, "RPUSH", "list", "a", "b");
      expect(await send(bridge, "LRANGE", "list", 0, -1)).toEqual({ result: ["a", "b"] });
      await send(bridge, "SADD", "set", "a");
      expect(await send(bridge, "GET", "set")).toEqual({
        error: "WRONGTYPE Operation against a key holding the wrong kind of value",
      });
      expect(await send(bridge, "EVAL", "return cjson.encode({a = 1})", 0)).toEqual({
        result: '{"a":1}',
      });
    });

    it("the bridge refuses what would block its one connection", async () => {
      expect(await send(bridge, "BLPOP", "list", 0)).toEqual({
        error: expect.stringContaining("ERR Command is not available: 'BLPOP'"),
      });
    });

    it("the bridge records operations and obeys the fault plan as memory does", async () => {
      bridge.operations.clear();
      const lift = bridge.faults.add({
        phase: "before",
        match: ({ name }) => name === "SET",
        action: { kind: "refuse" },
      });
      const refused = await request(bridge, "/", { body: ["set", "k", "v"] });
      lift();
      expect(refused.status).toBe(500);
      expect(await send(bridge, "GET", "k")).toEqual({ result: null });
      expect(bridge.operations.all()).toEqual([
        { name: "SET", target: "k", isWrite: true },
        { name: "GET", target: "k", isWrite: false },
      ]);
    });
  },
);

/** KEYS promises no order. */
function comparable(command: readonly unknown[], answer: unknown): unknown {
  if (command[0] !== "KEYS") return answer;
  if (typeof answer !== "object" || answer === null || !("result" in answer)) return answer;
  return Array.isArray(answer.result) ? { result: answer.result.map(String).toSorted() } : answer;
}

function unexpected(reply: unknown): Error {
  throw new Error(`Redis answered ${String(reply)}`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
