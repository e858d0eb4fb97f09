import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { formatLogLine } from "./log-line.ts";

const AT = new Date("2026-11-24T01:02:03.456Z");
const show = (line: string) => stripVTControlCharacters(formatLogLine(line, AT));

describe("a line of the worker's log", () => {
  it("is shown as time, level, message and fields, the request's id last", () => {
    const entry = { level: "warn", message: "no cache", request_id: "r1", ms: 3, at: { key: "t" } };
    expect(show(JSON.stringify(entry))).toBe(
      '01:02:03 warn  no cache  ms=3 at={"key":"t"} request_id=r1',
    );
  });

  it.each(["    at run (worker.js:1:2)", "{ not JSON", '{"other":"JSON"}', ""])(
    "stays as it is when it isn't the worker's own JSON: %j",
    (line) => {
      expect(formatLogLine(line, AT)).toBe(line);
    },
  );
});
