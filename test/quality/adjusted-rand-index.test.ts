import { expect, it } from "vitest";
import { adjustedRandIndex } from "../support/adjusted-rand-index.ts";

it("the index is that of scikit-learn's examples", () => {
  // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.adjusted_rand_score.html
  expect(adjustedRandIndex([0, 0, 1, 1], [0, 0, 1, 1])).toBe(1);
  expect(adjustedRandIndex([0, 0, 1, 1], [1, 1, 0, 0])).toBe(1);
  expect(adjustedRandIndex([0, 0, 1, 2], [0, 0, 1, 1])).toBeCloseTo(0.5714, 4);
  expect(adjustedRandIndex([0, 0, 0, 0], [0, 1, 2, 3])).toBe(0);
  expect(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(-0.5, 6);
});

it("groupings that are trivial both are the same, and of other lengths none at all", () => {
  expect(adjustedRandIndex([1, 1, 1], [2, 2, 2])).toBe(1);
  expect(adjustedRandIndex([1, 2, 3], ["a", "b", "c"])).toBe(1);
  expect(() => adjustedRandIndex([1], [])).toThrow(RangeError);
});
