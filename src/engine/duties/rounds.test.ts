import { describe, expect, it } from "vitest";
import { inRounds } from "./rounds.ts";

/** Counts its rounds, and has so much to do in each. */
function work(...amounts: readonly number[]) {
  let rounds = 0;
  return {
    rounds: () => rounds,
    round: () => Promise.resolve(amounts[rounds++] ?? 0),
  };
}

describe("rounds", () => {
  it("end with the first one that finds nothing, and answer the sum", async () => {
    const { round, rounds } = work(100, 100, 7);
    expect(await inRounds({ maxRounds: 50, isSpent: () => false }, round)).toBe(207);
    expect(rounds()).toBe(4);
  });

  it("are bounded by count", async () => {
    const { round } = work(1, 1, 1, 1, 1);
    expect(await inRounds({ maxRounds: 3, isSpent: () => false }, round)).toBe(3);
  });

  it("begin no other once the time is spent, but the first is always made", async () => {
    let nowMs = 0;
    const { round } = work(1, 1, 1, 1);
    const slow = async () => {
      nowMs += 15;
      return round();
    };
    expect(await inRounds({ maxRounds: 50, isSpent: () => nowMs >= 30 }, slow)).toBe(2);
    expect(await inRounds({ maxRounds: 50, isSpent: () => true }, round)).toBe(1);
  });
});
