import { expect, it } from "vitest";
import { pack } from "./points.ts";
import { silhouette } from "./silhouette.ts";

const line = (...places: number[]) =>
  pack(
    places.map((place) => Float32Array.from([place, 0])),
    2,
  );

it("the silhouette is that of Rousseeuw's formula", () => {
  // a = 1, b = 9.5: 8.5 / 9.5; a = 1, b = 8.5; and the mirror image.
  const expected = (8.5 / 9.5 + 7.5 / 8.5 + 7.5 / 8.5 + 8.5 / 9.5) / 4;
  // From 1 to 10 and 11 is 9 and 10, on average 9.5; from 2 it is 8.5.
  expect(silhouette(line(1, 2, 10, 11), [0, 0, 1, 1])).toBeCloseTo(expected, 6);
});

it("a point alone in its cluster counts nothing, and a wrong grouping is negative", () => {
  expect(silhouette(line(1, 2, 10), [0, 0, 1])).toBeCloseTo((8 / 9 + 7 / 8) / 3, 6);
  expect(silhouette(line(1, 2, 10, 11), [0, 1, 0, 1])).toBeLessThan(0);
});

it("one cluster, or equal points, have no silhouette to speak of", () => {
  expect(silhouette(line(1, 2, 3), [7, 7, 7])).toBeNull();
  expect(silhouette(line(), [])).toBeNull();
  expect(silhouette(line(1, 1, 1, 1), [0, 0, 1, 1])).toBe(0);
});
