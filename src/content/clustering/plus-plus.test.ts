import { describe, expect, it } from "vitest";
import { continueSeeding, emptySeeding } from "./plus-plus.ts";
import { nearest, pack, pointsOf } from "./points.ts";
import { blobs } from "../../../test/jobs/blobs.ts";

describe("k-means++", () => {
  it("spreads: of eight far blobs each gets one of eight centroids, whatever the seed", () => {
    const points = blobs(8, 20);
    for (let seed = 0; seed < 25; seed++) {
      const { centroids, isDone } = continueSeeding(points, 8, seed, emptySeeding(160), 8);
      expect(isDone).toBe(true);
      const { index } = nearest(pointsOf(centroids, 8), pointsOf(points.values, 8));
      expect(new Set([...index].map((point) => Math.floor(point / 20))).size).toBe(8);
    }
  });

  it("gives the same centroids for a seed, and others for another", () => {
    const points = blobs(4, 50, 2);
    const of = (seed: number) => continueSeeding(points, 6, seed, emptySeeding(200), 6).centroids;
    expect(of(3)).toEqual(of(3));
    expect(of(3)).not.toEqual(of(4));
  });

  it("comes to the same wherever it is cut", () => {
    const points = blobs(4, 50, 2);
    const whole = continueSeeding(points, 9, 5, emptySeeding(200), 9);
    for (const atMost of [1, 2, 4]) {
      let seeding = emptySeeding(200);
      while (!seeding.isDone) seeding = continueSeeding(points, 9, 5, seeding, atMost);
      expect(seeding).toEqual(whole);
    }
  });

  it("takes no point twice: when fewer differ than are wanted, it is done with those", () => {
    const three = [0, 1, 2].map((at) =>
      Float32Array.from({ length: 4 }, (_, d) => (d === at ? 1 : 0)),
    );
    const points = pack(
      Array.from({ length: 30 }, (_, at) => three[at % 3] ?? new Float32Array(4)),
      4,
    );
    const seeding = continueSeeding(points, 10, 1, emptySeeding(30), 10);
    expect(seeding.isDone).toBe(true);
    expect(seeding.centroids).toHaveLength(3 * 4);
  });

  it("draws no point that is gone", () => {
    const points = blobs(2, 10);
    for (let seed = 0; seed < 10; seed++) {
      const seeding = continueSeeding(points, 2, seed, emptySeeding(20), 2, (at) => at < 10);
      const { index } = nearest(pointsOf(seeding.centroids, 8), points);
      for (const point of index) expect(point).toBeLessThan(10);
    }
    const none = continueSeeding(points, 2, 0, emptySeeding(20), 2, () => false);
    expect(none).toMatchObject({ isDone: true, centroids: new Float32Array(0) });
  });
});
