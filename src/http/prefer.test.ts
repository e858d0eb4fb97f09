import { describe, expect, test } from "vitest";
import { preferredWait } from "./prefer.ts";

describe("Prefer: wait", () => {
  test.each([
    ["wait=10", 10],
    ["wait=0", 0],
    ["WAIT=10", 10],
    ['wait="10"', 10],
    ["wait = 10", 10],
    ["wait=10; why=bored", 10],
    ["respond-async, wait=10", 10],
    ["respond-async,wait=10,handling=lenient", 10],
    ['foo="a, wait=5", wait=10', 10],
    ['foo="a\\", wait=5", wait=10', 10],
  ])("is read from %s", (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds);
  });

  test.each(["wait=61", "wait=600", `wait=${"9".repeat(400)}`])("over 60 is 60: %s", (header) => {
    expect(preferredWait(header)).toBe(60);
  });

  test.each([
    "",
    ",",
    "wait",
    "wait=",
    'wait=""',
    "wait=-1",
    "wait=1.5",
    "wait=1e1",
    "wait=0x10",
    "wait=10 20",
    'wait="10',
    "wait:10",
    "awaited=10",
    "respond-async",
    'foo="wait=10"',
    "foo; wait=10",
  ])("that is malformed or not there is ignored: %s", (header) => {
    expect(preferredWait(header)).toBeNull();
  });

  test("counts once: of several the first decides, malformed or not", () => {
    expect(preferredWait("wait=5, wait=10")).toBe(5);
    expect(preferredWait("wait=x, wait=10")).toBeNull();
  });

  test("in a header of more than 1,000 characters is ignored", () => {
    expect(preferredWait(`wait=10${";".repeat(993)}`)).toBe(10);
    expect(preferredWait(`wait=10${";".repeat(994)}`)).toBeNull();
  });
});
