import { describe, expect, test } from "vitest";
import { HEADERS_LIMIT_CHARACTERS, headersToKeep } from "./response-headers.ts";

/** What is kept of so many headers with this value. */
function keptOf(count: number, value: string) {
  return headersToKeep(
    new Headers(Array.from({ length: count }, (_, index) => [`x-${index}`, value])),
  );
}

describe("of an answer's headers the log keeps", () => {
  test("names in lower case and their values", () => {
    expect(headersToKeep(new Headers({ "X-Trace-Id": "a1", "Retry-After": "5" }))).toEqual({
      "retry-after": "5",
      "x-trace-id": "a1",
    });
  });

  test("no cookie and no credential", () => {
    const headers = new Headers({
      "WWW-Authenticate": 'Bearer realm="x"',
      Authorization: "Bearer x",
      "Proxy-Authenticate": "Basic",
      Server: "nginx",
    });
    headers.append("Set-Cookie", "session=secret");
    headers.append("Set-Cookie", "other=secret");
    expect(headersToKeep(headers)).toEqual({ server: "nginx" });
  });

  test("no name that a database could take for an operator or a path", () => {
    expect(headersToKeep(new Headers({ $where: "1", "a.b": "1", "x-a": "1" }))).toEqual({
      "x-a": "1",
    });
    expect(Object.keys(headersToKeep(new Headers([["__proto__", "1"]])))).toEqual([]);
  });

  test("the first 32, each cut at 256 characters, 2 KiB in all", () => {
    expect(Object.keys(keptOf(100, "v"))).toHaveLength(32);
    expect(keptOf(1, "v".repeat(1000))["x-0"]).toHaveLength(256);
    const kept = Object.entries(keptOf(32, "v".repeat(1000)));
    const length = kept.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(length).toBeLessThanOrEqual(HEADERS_LIMIT_CHARACTERS);
    expect(kept).toHaveLength(7);
  });
});
