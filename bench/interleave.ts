import type { Sample } from "./load.ts";

/** Something to measure, by a name that its group uses. */
export type Side<Name extends string, Result> = {
  readonly name: Name;
  readonly measure: (round: number) => Promise<Result>;
};

/**
 * Measures the sides one after the other, in so many rounds, every other one backwards (A B, B A,
 * …): whatever slows the machine down for a while slows all of them down.
 */
export async function interleave<Name extends string, Result = Sample>(
  sides: readonly Side<Name, Result>[],
  rounds: number,
): Promise<Record<Name, readonly Result[]>> {
  const results = Object.fromEntries(sides.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    Result[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const { name, measure } of order) results[name].push(await measure(round));
  }
  return results;
}
