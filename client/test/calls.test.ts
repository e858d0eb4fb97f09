import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/contract/problem.ts";
import { createClient } from "../src/client.ts";
import {
  ConflictError,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  RateLimitedError,
  ServerError,
  UnauthenticatedError,
  UnavailableError,
  UnexpectedAnswerError,
  WaybillError,
} from "../src/errors.ts";
import { answer, cut, errorOf, fakeWorld, problem } from "./support/fake.ts";

describe("a call", () => {
  it("puts ids into the path, escaped, and sends key, namespace and JSON", async () => {
    const { client, got } = fakeWorld([answer(201)], { baseUrl: "https://waybill.test/api/" });
    await client.objects.create("a/b c", { content: { text: "x" } });
    expect(got[0]).toMatchObject({
      method: "POST",
      path: "/api/v1/buckets/a%2Fb%20c/objects",
      body: { content: { text: "x" } },
    });
    expect(got[0]?.headers.get("Authorization")).toBe("Bearer wb_key");
    expect(got[0]?.headers.get("X-Namespace")).toBe("shop");
    expect(got[0]?.headers.get("Content-Type")).toBe("application/json");
  });

  it("takes key, namespace, headers and query of its own", async () => {
    const { client, got } = fakeWorld([answer(200)]);
    const options = { key: "other", namespace: "yard", headers: { traceparent: "00-1" } };
    await client.tasks.get("tsk_1", { ...options, query: { source: "cache" } });
    expect(got[0]?.path).toBe("/v1/tasks/tsk_1?source=cache");
    expect(got[0]?.headers.get("Authorization")).toBe("Bearer other");
    expect(got[0]?.headers.get("X-Namespace")).toBe("yard");
    expect(got[0]?.headers.get("traceparent")).toBe("00-1");
  });

  it.each(["", ".", ".."])("refuses the id %j, which would be another path", async (id) => {
    const { client, got } = fakeWorld([answer(200)]);
    expect(await errorOf(client.tasks.get(id))).toBeInstanceOf(TypeError);
    expect(got).toEqual([]);
  });

  it("of a body that may be absent sends none, and answers nothing for 204", async () => {
    const { client, got } = fakeWorld([answer(204)]);
    expect(await client.buckets.delete("bkt_1")).toBeUndefined();
    expect(got[0]?.body).toBeUndefined();
    expect(got[0]?.headers.has("Content-Type")).toBe(false);
  });

  it("needs a base URL and a key", () => {
    expect(() => createClient({ baseUrl: "waybill.test", key: "k" })).toThrow(/baseUrl/);
    expect(() => createClient({ baseUrl: "https://waybill.test", key: "" })).toThrow(/key/);
  });
});

describe("an error", () => {
  it.each([
    [400, "invalid_request", InvalidRequestError],
    [400, "malformed_json", InvalidRequestError],
    [413, "payload_too_large", InvalidRequestError],
    [401, "unauthenticated", UnauthenticatedError],
    [403, "forbidden", ForbiddenError],
    [404, "not_found", NotFoundError],
    [409, "name_taken", ConflictError],
    [409, "task_already_terminal", ConflictError],
    [422, "idempotency_key_reused", ConflictError],
    [429, "rate_limited", RateLimitedError],
    [500, "internal_error", ServerError],
    [503, "store_unavailable", UnavailableError],
    [418, "constructor", InvalidRequestError],
  ])("of status %i and code %s is one class", async (status, code, Class) => {
    const { client } = fakeWorld([problem(status, code)], { retry: 0 });
    const error = await errorOf(client.tasks.get("tsk_1"));
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(WaybillError);
    expect(error).toMatchObject({
      name: Class.name,
      message: `It is ${code}.`,
      code,
      status,
      requestId: "req-1",
      fields: [],
    });
  });

  it.each(ErrorCode.options)("with the code %s keeps it", async (code) => {
    const { client } = fakeWorld([problem(400, code)], { retry: 0 });
    expect(await errorOf(client.tasks.get("tsk_1"))).toMatchObject({ code });
  });

  it("names the wrong fields", async () => {
    const fields = [{ path: "name", message: "expected a name" }];
    const { client } = fakeWorld([answer(400, { code: "invalid_request", errors: fields })]);
    expect(await errorOf(client.buckets.create({ name: "" }))).toMatchObject({ fields });
  });

  it("of a gateway that knows no problem documents still has class, status and request id", async () => {
    const { client } = fakeWorld([answer(503, "<html>")], { retry: 0 });
    const error = await errorOf(client.tasks.get("tsk_1"));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: "http_503", requestId: "req-0", fields: [] });
  });

  it("is what becomes of a redirect: the key goes nowhere else", async () => {
    const { client, got } = fakeWorld([answer(302, "", { Location: "https://evil.test/" })]);
    expect(await errorOf(client.tasks.get("tsk_1"))).toBeInstanceOf(UnexpectedAnswerError);
    expect(got).toHaveLength(1);
  });

  it("has the platform's own as its cause", async () => {
    const { client } = fakeWorld([cut], { retry: 0 });
    expect(await errorOf(client.tasks.get("tsk_1"))).toMatchObject({
      code: "network_error",
      cause: new TypeError("fetch failed"),
    });
  });
});
