import { describe, expect, it } from "vitest";
import { DevError, portOf } from "./dev-checks.ts";

describe("PORT", () => {
  it("is 8787 when it isn't set", () => {
    expect(portOf(undefined)).toBe(8787);
    expect(portOf("")).toBe(8787);
  });

  it.each(["1", "8788", "65535"])("may be %s", (text) => {
    expect(portOf(text)).toBe(Number(text));
  });

  it.each(["0", "65536", "-1", "1e3", "0x50", "80.5", " ", "80 80", "abc", "100000"])(
    "may not be %j",
    (text) => {
      expect(() => portOf(text)).toThrow(DevError);
    },
  );
});
