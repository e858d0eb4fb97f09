/**
 * How well two groupings of the same things agree, corrected for chance: 1 when they are the same
 * but for names, about 0 when they are independent (Hubert and Arabie, "Comparing partitions",
 * Journal of Classification 2, 1985). 1 too when each puts everything into one group, or each thing
 * into one of its own. Throws `RangeError` when they are not of equally many things.
 */
export function adjustedRandIndex(
  a: readonly (string | number)[],
  b: readonly (string | number)[],
): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} labels`);
  const together = sumOfPairs(a.map((label, at) => `${label}\n${b[at] ?? ""}`));
  const inA = sumOfPairs(a);
  const inB = sumOfPairs(b);
  const expected = (inA * inB) / pairs(a.length);
  const most = (inA + inB) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}

/** How many pairs of things have the same label. */
function sumOfPairs(labels: readonly (string | number)[]): number {
  const counts = new Map<string | number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + pairs(count), 0);
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}
