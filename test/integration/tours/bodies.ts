import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../../support/api.ts";
import { expectInvalid, expectProblem } from "../../support/problems.ts";
import type { World } from "../../support/world.ts";
import { touredWorld } from "./toured-world.ts";

let world: World;
let api: Api;
beforeAll(async () => {
  const toured = await touredWorld();
  world = toured.world;
  api = toured.own.api;
});

const JSON_TYPE = { "Content-Type": "application/json" };

/** Speaks HTTP by hand, and gives all that is answered before the worker, or `end`, closes. */
function speak(parts: readonly string[], end: "keep" | "cut" = "keep"): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(world.worker.url);
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(parts.join("\r\n"), () => {
      if (end === "cut") socket.destroy();
    });
  });
}

const head = (path: string, key: string, ...headers: string[]) => [
  `POST ${path} HTTP/1.1`,
  "Host: localhost",
  `Authorization: Bearer ${key}`,
  "X-Namespace: own",
  "Content-Type: application/json",
  "Connection: close",
  ...headers,
  "",
];

const packed = (body: string) => Uint8Array.from(gzipSync(body));
const send = (body: Uint8Array<ArrayBuffer>, coding: string) =>
  api.raw("POST", "/v1/buckets/list", body, { ...JSON_TYPE, "Content-Encoding": coding });

describe("JSON that can't be kept is refused before any handler", () => {
  it.each([
    ["POST", "/v1/buckets", '{"name":"a","metadata":{"n":1e400}}', "metadata.n"],
    ["POST", "/v1/buckets", String.raw`{"name":"a","metadata":{"s":"\ud800"}}`, "metadata.s"],
    ["POST", "/v1/buckets", '{"name":"a","name":"b"}', "name"],
    ["POST", "/v1/tasks/list", '{"metadata":{"__proto__":"a"}}', "metadata.__proto__"],
    ["POST", "/v1/tasks", '{"task_type":"gpu.train","input":{"id":9007199254740993}}', "input.id"],
    [
      "PUT",
      "/v1/event-types/a.b",
      '{"schema":{"type":"object","maximum":1e999}}',
      "schema.maximum",
    ],
    [
      "PUT",
      "/v1/event-types/a.b",
      `{"schema":{"type":"object"},"example":${'{"a":'.repeat(8000)}1${"}".repeat(8000)}}`,
      `example${".a".repeat(127)}`,
    ],
    [
      "PUT",
      "/v1/event-types/a.b",
      `{"schema":{"type":"object"},"example":${'{"a":'.repeat(51)}1${"}".repeat(51)}}`,
      `example${".a".repeat(50)}`,
    ],
    [
      "PUT",
      "/v1/task-types/a.b",
      `{"executor_url":"https://e.example/","input_schema":${'{"not":'.repeat(60)}{}${"}".repeat(60)}}`,
      `input_schema${".not".repeat(50)}`,
    ],
    ["PUT", "/v1/task-types/a.b", String.raw`{"description":"\udfff"}`, "description"],
    ["POST", "/v1/events", '{"type":"a.b","data":{"x":{"y":1,"y":1}}}', "data.x.y"],
  ])("%s %s %s", async (method, path, body, field) => {
    expectInvalid(await api.raw(method, path, body, JSON_TYPE), field);
  });

  it("and bytes that are not UTF-8 are no JSON", async () => {
    const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.of(0xff), Buffer.from('"}')]);
    const answer = await api.raw("POST", "/v1/buckets", Uint8Array.from(body), JSON_TYPE);
    expectProblem(answer, 400, "malformed_json");
  });
});

describe("a body's type and coding are read as HTTP has them", () => {
  it.each([
    "application/json ;charset=utf-8",
    "Application/JSON",
    'application/json; charset="utf-8"',
    " application/json;charset=utf-8 ; x=y",
  ])("the type %s is JSON", async (type) => {
    await api.raw("POST", "/v1/buckets/list", "{}", { "Content-Type": type }).expect(200);
  });

  it.each(["text/plain", "application/jsonx", "application/json, text/plain", "json", ";"])(
    "the type %s is not",
    async (type) => {
      const answer = await api.raw("POST", "/v1/buckets/list", "{}", { "Content-Type": type });
      expectProblem(answer, 415, "unsupported_media_type");
    },
  );

  it("gzip is unpacked", async () => {
    for (const coding of ["gzip", "GZIP", "x-gzip"]) {
      await send(packed('{"limit":1}'), coding).expect(200);
    }
    expectInvalid(await send(packed('{"limit":0}'), "gzip"), "limit");
    await send(new Uint8Array(Buffer.from("{}")), "identity").expect(200);
  });

  it("what gzip unpacks to is bounded like any body", async () => {
    const answer = await send(packed(`{"cursor":"${"a".repeat(20_000_000)}"}`), "gzip");
    expectProblem(answer, 413, "payload_too_large");
  });

  it("gzip that is none, is cut, or has something behind it is a malformed body", async () => {
    const whole = packed('{"limit":1}');
    for (const body of [new Uint8Array(Buffer.from("{}")), whole.slice(0, -9)]) {
      expectProblem(await send(body, "gzip"), 400, "malformed_json");
    }
    const behind = Uint8Array.from(Buffer.concat([whole, Buffer.from("{}")]));
    expectProblem(await send(behind, "gzip"), 400, "malformed_json");
  });

  it("another coding is refused with those that there are", async () => {
    for (const coding of ["br", "deflate", "gzip, gzip", "nonsense"]) {
      const answer = await send(packed("{}"), coding);
      expectProblem(answer, 415, "unsupported_media_type");
      expect(answer.headers.get("Accept-Encoding")).toBe("gzip, identity");
    }
  });
});

describe("a body on the wire", () => {
  it("of empty chunks is the same as none", async () => {
    const chunked = "Transfer-Encoding: chunked";
    for (const path of ["/v1/buckets/list", "/v1/tasks/list"]) {
      const answer = await speak([...head(path, world.stack.adminKey, chunked), "0", "", ""]);
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
    }
    const required = await speak([
      ...head("/v1/buckets", world.stack.adminKey, chunked),
      "0",
      "",
      "",
    ]);
    expect(required).toMatch(/^HTTP\/1.1 400 .*"path":"name"/s);
  });

  it("with malformed chunks is answered 400", async () => {
    const chunked = "Transfer-Encoding: chunked";
    for (const chunk of ["zz\r\n{}\r\n0\r\n\r\n", "5\r\n{}\r\n0\r\n\r\n", "-1\r\n{}"]) {
      const request = head("/v1/buckets/list", world.stack.adminKey, chunked);
      expect(await speak([...request, chunk])).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  it("that breaks off is no error of the worker's own", async () => {
    const length = "Content-Length: 1000";
    await speak([...head("/v1/buckets/list", world.stack.adminKey, length), '{"limit":'], "cut");
    const chunked = "Transfer-Encoding: chunked";
    await speak([...head("/v1/buckets/list", world.stack.adminKey, chunked), "5", "{"], "cut");
    await api.get("/v1/tasks/x");
    expect(world.logs.filter((line) => /"level":"error"|uncaught/i.test(line))).toEqual([]);
  });
});

describe("the key is checked before a body is read", () => {
  const wrong: readonly [string, string, Record<string, string>][] = [
    ["larger than the limit", "x".repeat(1_100_000), JSON_TYPE],
    ["of another type", "<a/>", { "Content-Type": "text/xml" }],
    ["that is no JSON", "{", JSON_TYPE],
    ["that can't be kept", '{"a":1e400}', JSON_TYPE],
    ["of another coding", "x", { ...JSON_TYPE, "Content-Encoding": "br" }],
  ];
  it.each(wrong)("a body %s is 401 without a key", async (_what, body, headers) => {
    const stranger = api.as({ key: "wb_nothing" });
    for (const [method, path] of [
      ["POST", "/v1/buckets"],
      ["PATCH", `/v1/tasks/tsk_${"0".repeat(32)}`],
      ["POST", "/internal/jobs/run"],
    ] as const) {
      expectProblem(await stranger.raw(method, path, body, headers), 401, "unauthenticated");
    }
  });
});
