import type { Sample } from "./load.ts";

type Measure = (round: number) => Promise<Sample>;

/**
 * Measures things one after the other, in so many rounds, every other one backwards (A B, B A, …):
 * whatever slows the machine down for a while slows all of them down. Samples come in the order of
 * the things, each round by round.
 */
export async function interleave(
  measures: readonly Measure[],
  rounds: number,
): Promise<readonly (readonly Sample[])[]> {
  const samples: Sample[][] = measures.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...measures.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, measure] of order) samples[index]?.push(await measure(round));
  }
  return samples;
}
