import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RedisServer } from "../../../local/redis/server.ts";
import { connect, request, send, startServer } from "./support.ts";

let server: RedisServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(() => server.flush());

describe("/pipeline", () => {
  it("answers 200 with one result or error for each command, and goes on after an error", async () => {
    const body = [["SET", "k", "text"], ["INCR", "k"], ["GET"], ["APPEND", "k", "!"]];
    const answer = await request(server, "/pipeline", { body });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual([
      { result: "OK" },
      { error: "ERR value is not an integer or out of range" },
      { error: "ERR wrong number of arguments for 'get' command" },
      { result: 5 },
    ]);
  });

  it("the client's pipeline can keep errors apart", async () => {
    const pipeline = connect(server).pipeline();
    pipeline.set("k", "text");
    pipeline.incr("k");
    const [set, incr] = await pipeline.exec<[string, number]>({ keepErrors: true });
    expect(set).toMatchObject({ result: "OK" });
    expect(incr?.error).toMatch("not an integer");
  });

  it("an auto-pipelining client sends even one read to /pipeline, and it is one operation", async () => {
    server.operations.clear();
    await connect(server, { enableAutoPipelining: true }).get("k");
    expect(server.operations.all()).toEqual([{ name: "GET", target: "k", isWrite: false }]);
  });

  it.each([["[]"], ['["GET","k"]'], ["{}"]])("the body %s is 400", async (body) => {
    expect((await request(server, "/pipeline", { body })).status).toBe(400);
  });
});

describe("/multi-exec", () => {
  it("carries all commands out and keeps an error of one to itself", async () => {
    const body = [
      ["SET", "k", "text"],
      ["INCR", "k"],
      ["SET", "other", "1"],
    ];
    const answer = await request(server, "/multi-exec", { body });
    expect(answer.body).toEqual([
      { result: "OK" },
      { error: "ERR value is not an integer or out of range" },
      { result: "OK" },
    ]);
  });

  it.each([
    ["an unknown command", ["NOPE", "k"]],
    ["a wrong arity", ["GET"]],
    ["a blocking command", ["BLPOP", "k", 0]],
  ])("%s discards all of it with 400 EXECABORT", async (_title, wrong) => {
    const body = [["SET", "k", "v"], wrong];
    const answer = await request(server, "/multi-exec", { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      error: "EXECABORT Transaction discarded because of previous errors.",
    });
    expect(await send(server, "EXISTS", "k")).toEqual({ result: 0 });
  });

  it("the client's multi() gives all results", async () => {
    const results = await connect(server).multi().set("k", 1).incr("k").get("k").exec();
    expect(results).toEqual(["OK", 2, 2]);
  });
});
