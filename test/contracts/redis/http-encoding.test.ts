import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../local/redis/server.ts";
import { request, send, startServer } from "./support.ts";

const BASE64 = { "Upstash-Encoding": "base64" };

let server: RedisServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(() => server.flush());

const encoded = (text: string): string => Buffer.from(text, "utf8").toString("base64");

async function ask(...body: unknown[]): Promise<unknown> {
  return (await request(server, "/", { headers: BASE64, body })).body;
}

describe("Upstash-Encoding: base64", () => {
  it("strings are encoded, a top-level OK is not", async () => {
    expect(await ask("SET", "k", "grüß")).toEqual({ result: "OK" });
    expect(await ask("GET", "k")).toEqual({ result: encoded("grüß") });
  });

  it("a stored value OK at the top level is not encoded either", async () => {
    await ask("SET", "k", "OK");
    expect(await ask("GET", "k")).toEqual({ result: "OK" });
  });

  it("an OK inside an array is encoded", async () => {
    await ask("SET", "k", "OK");
    expect(await ask("MGET", "k", "none")).toEqual({ result: [encoded("OK"), null] });
  });

  it("other status replies are encoded", async () => {
    expect(await ask("PING")).toEqual({ result: encoded("PONG") });
    expect(await ask("TYPE", "none")).toEqual({ result: encoded("none") });
  });

  it("numbers, null and errors are raw", async () => {
    expect(await ask("INCR", "n")).toEqual({ result: 1 });
    expect(await ask("GET", "none")).toEqual({ result: null });
    expect(await ask("INCR")).toEqual({
      error: "ERR wrong number of arguments for 'incr' command",
    });
  });

  it("strings in nested arrays are encoded", async () => {
    await ask("SET", "k", "v");
    expect(await ask("SCAN", 0)).toEqual({ result: [encoded("0"), [encoded("k")]] });
  });

  it("bytes that are no UTF-8 survive only so; as text they become U+FFFD", async () => {
    await ask("EVAL", "redis.call('SET', KEYS[1], string.char(0, 255, 254))", 1, "k");
    expect(await ask("GET", "k")).toEqual({
      result: Buffer.from([0, 255, 254]).toString("base64"),
    });
    expect(await send(server, "GET", "k")).toEqual({ result: "\0\uFFFD\uFFFD" });
  });

  it("the results of a pipeline follow the same rules", async () => {
    const body = [["SET", "k", "v"], ["GET", "k"], ["NOPE"]];
    const answer = await request(server, "/pipeline", { headers: BASE64, body });
    expect(answer.body).toEqual([
      { result: "OK" },
      { result: encoded("v") },
      { error: expect.stringMatching(/^ERR unknown command/) },
    ]);
  });
});
