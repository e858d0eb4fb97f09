import { expect, it } from "vitest";
import { followInertia, hasConverged, NO_TREND } from "./convergence.ts";

const follow = (values: readonly number[], batch: number, points: number) =>
  values.reduce((trend, value) => followInertia(trend, value, batch, points), NO_TREND);

it("training has converged after ten mini-batches without a better inertia, and not while it falls", () => {
  const falling = Array.from({ length: 50 }, (_, at) => 1 / (at + 1));
  expect(hasConverged(follow(falling, 10, 10))).toBe(false);
  expect(hasConverged(follow([...falling, ...Array<number>(9).fill(1)], 10, 10))).toBe(false);
  expect(hasConverged(follow([...falling, ...Array<number>(10).fill(1)], 10, 10))).toBe(true);
});

it("one lucky mini-batch of many doesn't count as convergence of the rest", () => {
  const noisy = Array.from({ length: 40 }, (_, at) => 1 - at * 0.01 + (at % 2) * 0.1);
  expect(hasConverged(follow(noisy, 10, 1000))).toBe(false);
});
