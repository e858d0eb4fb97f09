import { describe, expect, it } from "vitest";
import { trainBatch } from "./mini-batch.ts";
import { continueSeeding, emptySeeding } from "./plus-plus.ts";
import { nearest, pack, pointsOf } from "./points.ts";
import { blobs } from "../../../test/jobs/blobs.ts";

const vector = (...values: number[]) => Float32Array.from(values);

describe("a mini-batch", () => {
  it("makes each centroid the mean of all that it has seen, and leaves the others", () => {
    const centroids = vector(0, 0, 10, 10, 99, 99);
    const batch = pack([vector(1, 0), vector(0, 3), vector(11, 10)], 2);
    const after = trainBatch(batch, { centroids, counts: [2, 0, 5] });
    // (2 × (0, 0) + (1, 0) + (0, 3)) / 4
    expect(after.centroids).toEqual(vector(0.25, 0.75, 11, 10, 99, 99));
    expect(after.counts).toEqual([4, 1, 5]);
    expect(after.meanInertia).toBeCloseTo((1 + 9 + 1) / 3);
  });

  it("changes nothing when it is empty", () => {
    const before = { centroids: vector(1, 2), counts: [3] };
    expect(trainBatch(pack([], 2), before)).toEqual({ ...before, meanInertia: 0 });
  });

  it("does not touch what it was given", () => {
    const before = { centroids: vector(0, 0), counts: [0] };
    trainBatch(pack([vector(1, 1)], 2), before);
    expect(before).toEqual({ centroids: vector(0, 0), counts: [0] });
  });

  it("with counts of zero is Lloyd's iteration: inertia never rises", () => {
    const points = blobs(6, 40, 3);
    let { centroids } = continueSeeding(points, 6, 1, emptySeeding(240), 6);
    const counts = Array.from({ length: 6 }, () => 0);
    let last = Infinity;
    for (let iteration = 0; iteration < 15; iteration++) {
      const trained = trainBatch(points, { centroids, counts });
      expect(trained.meanInertia).toBeLessThanOrEqual(last + 1e-6);
      last = trained.meanInertia;
      ({ centroids } = trained);
    }
  });

  it("finds blobs: after a pass in small batches each blob is one cluster", () => {
    const points = blobs(5, 40);
    let training = {
      centroids: continueSeeding(points, 5, 2, emptySeeding(200), 5).centroids,
      counts: [0, 0, 0, 0, 0] as readonly number[],
    };
    for (let from = 0; from < 200; from += 16) {
      const values = points.values.subarray(from * 8, (from + 16) * 8);
      training = trainBatch(pointsOf(values, 8), training);
    }
    const { index } = nearest(points, pointsOf(training.centroids, 8));
    const labels = Array.from(
      { length: 5 },
      (_, blob) => new Set(index.slice(blob * 40, blob * 40 + 40)),
    );
    for (const found of labels) expect(found.size).toBe(1);
    expect(new Set(index).size).toBe(5);
  });
});
