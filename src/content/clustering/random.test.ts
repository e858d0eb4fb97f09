import { describe, expect, it } from "vitest";
import { createRandom, hashToUnit, seedOf } from "./random.ts";

describe("createRandom", () => {
  it("is mulberry32: the first numbers of seed 1 are those that others publish", () => {
    const random = createRandom(1);
    expect([random(), random(), random()]).toEqual([
      0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
    ]);
  });

  it("covers its range evenly", () => {
    const random = createRandom(42);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 100_000; draw++) {
      const tenth = Math.floor(random() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});

describe("seeds and hashes", () => {
  it("differ for each part and seed", () => {
    const seeds = [0, 1, 2].flatMap((seed) =>
      Array.from({ length: 1000 }, (_, part) => seedOf(seed, part)),
    );
    expect(new Set(seeds).size).toBe(3000);
  });

  it("spread ids that share their beginning evenly, otherwise for another seed", () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `doc_0198f3${n.toString(16)}`);
    for (const seed of [0, 7]) {
      const low = ids.filter((id) => hashToUnit(seed, id) < 0.1);
      expect(Math.abs(low.length - 1000)).toBeLessThan(120);
    }
    expect(
      ids.filter((id) => hashToUnit(0, id) < 0.1 && hashToUnit(7, id) < 0.1).length,
    ).toBeLessThan(160);
  });
});
