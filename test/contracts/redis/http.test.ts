import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, request, send, startServer, TOKEN } from "./support.ts";

const WRONGPASS = { error: "WRONGPASS invalid or missing auth token" };

let server: RedisServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(() => server.flush());

describe("the token", () => {
  const paths = ["/", "/pipeline", "/multi-exec", "/set/k/v"];

  it.each(paths)("%s without a token is 401 WRONGPASS", async (path) => {
    const response = await fetch(server.url + path, { method: "POST", body: '["SET","k","v"]' });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual(WRONGPASS);
  });

  it.each(paths)("%s with a wrong token is 401 and changes nothing", async (path) => {
    const headers = { authorization: "Bearer other" };
    const answer = await request(server, path, { headers, body: [["SET", "k", "v"]] });
    expect(answer.status).toBe(401);
    expect(await send(server, "EXISTS", "k")).toEqual({ result: 0 });
  });

  it("the token can stand in the query as _token", async () => {
    const response = await fetch(`${server.url}/set/k/v?_token=${TOKEN}`);
    expect(await response.json()).toEqual({ result: "OK" });
    expect(await send(server, "GET", "k")).toEqual({ result: "v" });
  });

  it("the client reports a wrong token as WRONGPASS", async () => {
    const redis = connect({ ...server, token: "other" });
    await expect(redis.get("k")).rejects.toThrow("WRONGPASS");
  });

  it("a refused request is not recorded as an operation", async () => {
    server.operations.clear();
    await fetch(server.url, { method: "POST", body: '["SET","k","v"]' });
    expect(server.operations.all()).toEqual([]);
  });
});

describe("a single command", () => {
  it("names and options may be in lower case, numbers may be JSON numbers", async () => {
    expect(await send(server, "set", "k", 12, "ex", 100)).toEqual({ result: "OK" });
    expect(await send(server, "ttl", "k")).toEqual({ result: 100 });
    expect(await send(server, "gEt", "k")).toEqual({ result: "12" });
  });

  it("a JSON number keeps the digits it was sent with", async () => {
    await request(server, "/", { body: '["MSET","a",1.0,"b",12345678901234567890,"c",1e2]' });
    expect(await send(server, "MGET", "a", "b", "c")).toEqual({
      result: ["1.0", "12345678901234567890", "1e2"],
    });
  });

  it("an error of the command is 400 with Redis's words", async () => {
    const answer = await request(server, "/", { body: ["GET"] });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ error: "ERR wrong number of arguments for 'get' command" });
  });

  it.each(["NOPE", "hset", "LPUSH", "SADD", "ZADD", "PUBLISH", "BLPOP", "WATCH", "MULTI", "XREAD"])(
    "%s, which memory doesn't have, is 400 in Redis's words for an unknown command",
    async (name) => {
      const answer = await request(server, "/", { body: [name, "k", 1] });
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({
        error: `ERR unknown command '${name}', with args beginning with: 'k' '1' `,
      });
    },
  );

  it.each([["no JSON"], ["{}"], ["[]"], ['["SET","k",null]'], ['["SET","k",{}]'], ['"PING"']])(
    "the body %s is 400",
    async (body) => {
      const answer = await request(server, "/", { body });
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({
        error: expect.stringMatching(/^ERR failed to parse/),
      });
    },
  );

  it("DELETE is 405", async () => {
    expect((await request(server, "/get/k", { method: "DELETE" })).status).toBe(405);
  });

  it("HEAD carries the command out and answers no body", async () => {
    const answer = await request(server, "/set/k/v", { method: "HEAD" });
    expect([answer.status, answer.body]).toEqual([200, null]);
    expect(await send(server, "GET", "k")).toEqual({ result: "v" });
  });

  it("a response format other than json is 400", async () => {
    const headers = { "Upstash-Response-Format": "xml" };
    expect((await request(server, "/", { headers, body: ["PING"] })).status).toBe(400);
  });

  it("a request of more than 10 MB is refused", async () => {
    const answer = await request(server, "/", { body: ["SET", "k", "x".repeat(10 * 1024 * 1024)] });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      error: expect.stringContaining("ERR max request size exceeded"),
    });
  });
});

describe("the path style", () => {
  it("takes the command from the path, decoded", async () => {
    const value = encodeURIComponent("grüß/göttin ?");
    await request(server, `/set/a%20b/${value}/EX/100`, { method: "GET" });
    expect(await send(server, "GET", "a b")).toEqual({ result: "grüß/göttin ?" });
    expect(await send(server, "TTL", "a b")).toEqual({ result: 100 });
  });

  it("takes a body as the last argument and query parameters after it", async () => {
    await request(server, "/set/k?EX=100&NX", { body: '{"json":"ü"}' });
    expect(await send(server, "GET", "k")).toEqual({ result: '{"json":"ü"}' });
    expect(await send(server, "TTL", "k")).toEqual({ result: 100 });
    expect((await request(server, "/set/k?NX", { body: "other" })).body).toEqual({ result: null });
  });
});

async function tokenAfter(...body: unknown[]): Promise<string | null> {
  return (await request(server, "/", { body })).headers.get("upstash-sync-token");
}

describe("upstash-sync-token", () => {
  it("changes after each write and not after a read", async () => {
    const first = await tokenAfter("SET", "k", "1");
    expect(first).toBeTruthy();
    expect(await tokenAfter("GET", "k")).toBe(first);
    expect(await tokenAfter("SET", "k", "2")).not.toBe(first);
  });
});
