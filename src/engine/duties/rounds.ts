/** Whether the time of a cron run is spent: then no duty begins another round. */
export type IsSpent = () => boolean;

/**
 * Repeats a round until one finds nothing more to do (answers 0), `maxRounds` are done or the
 * run's time is spent; the sum of the answers. One round is always made, so that no duty starves
 * behind another that has much to do.
 */
export async function inRounds(
  { maxRounds, isSpent }: { readonly maxRounds: number; readonly isSpent: IsSpent },
  round: () => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let rounds = 1; ; rounds += 1) {
    const done = await round();
    total += done;
    if (done === 0 || rounds >= maxRounds || isSpent()) return total;
  }
}
