import { describe, expect, it } from "vitest";
import { type Tally, TRIALS } from "./support/trials.ts";

/** As `npm run simulate` asks for them; the suite has its own. */
const { SIMULATE_FROM, SIMULATE_SEEDS, SIMULATE_ONLY } = process.env;

const FIRST_SEED = 20_261_124;

/** Another one each day: a failure names it. */
const TODAYS_SEED = Number(new Date().toISOString().slice(0, 10).replaceAll("-", "")) * 1000;

const isSuite = SIMULATE_FROM === undefined;
if (isSuite) console.log(`today's seed: ${TODAYS_SEED}`);

function seedsOf(inSuite: number): readonly number[] {
  const from = Number(SIMULATE_FROM ?? FIRST_SEED);
  const count = Number(SIMULATE_SEEDS ?? inSuite);
  const seeds = Array.from({ length: count }, (_, index) => from + index);
  return isSuite ? [...seeds, TODAYS_SEED] : seeds;
}

const chosen = TRIALS.filter(({ name }) => SIMULATE_ONLY === undefined || name === SIMULATE_ONLY);

describe.each(chosen.map((trial) => [trial.rule, trial] as const))("%s", (_rule, trial) => {
  const tallies: Tally[] = [];
  it.each(seedsOf(trial.inSuite))("by seed %i", async (seed) => {
    try {
      tallies.push(await trial.run(seed));
    } catch (error) {
      const replay = `npm run simulate -- --only ${trial.name} --from ${seed} --seeds 1`;
      throw new Error(`again: ${replay}`, { cause: error });
    }
  });
  it.runIf(isSuite)("and what was to go wrong did", () => {
    for (const [what, least] of Object.entries(trial.atLeast)) {
      const sum = tallies.reduce((total, tally) => total + (tally[what] ?? 0), 0);
      expect(sum / tallies.length, what).toBeGreaterThanOrEqual(least);
    }
  });
});
