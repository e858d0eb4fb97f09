import { describe, expect, it } from "vitest";
import { backoffSeconds } from "./backoff.ts";

describe("backoffSeconds", () => {
  it("doubles the longest possible delay with each attempt, up to five minutes", () => {
    const longest = [1, 2, 3, 4, 8, 9, 50].map((attempt) =>
      backoffSeconds(attempt, () => 0.999_999),
    );
    expect(longest).toEqual([2, 4, 8, 16, 256, 300, 300]);
  });

  it("spreads over the whole range, and is never less than a second", () => {
    expect(backoffSeconds(4, () => 0)).toBe(1);
    expect(backoffSeconds(4, () => 0.5)).toBe(8);
  });
});
