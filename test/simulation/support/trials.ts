import { createRandom } from "../../../src/content/clustering/random.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import { titleOf } from "./cut-off.ts";
import { checkKill } from "./kill-check.ts";
import { runTrial, type TrialKind } from "./kill-trial.ts";
import { checkOrder } from "./order-check.ts";
import { runOrderTrial } from "./order-trial.ts";
import type { Delays } from "./virtual/machine.ts";
import { startVirtualSimulation } from "./virtual/simulation.ts";

/** How often something happened in a trial. */
export type Tally = Readonly<Record<string, number>>;

/** A rule that holds whatever chance brings about. A seed gives one and the same story. */
export type TrialOf = {
  /** Names it on the command line. */
  readonly name: string;
  readonly rule: string;
  /** Fixed seeds in the suite. */
  readonly inSuite: number;
  /** What must happen so often in a trial, on average: without it the trials would say little. */
  readonly atLeast: Tally;
  run(seed: number): Promise<Tally>;
};

function killOf(kind: TrialKind): TrialOf {
  return {
    name: `kill-${kind}`,
    rule: `a killed ${kind} writes nothing once CANCELED is confirmed, shows what is stored, and takes its children along`,
    inSuite: 40,
    atLeast: { canceled: 1 / 2, "taken over": 1 / 20, lost: 1 / 50 },
    run: async (seed) => checkKill(kind, await runTrial(kind, seed)),
  };
}

/** Mostly quick, and sometimes so slow that others come in between. */
const uneven = (random: () => number): Delays => ({
  flightMs: () => (random() < 0.1 ? 500 * random() : 5 * random()),
  pauseMs: () => (random() < 0.1 ? 500 * random() : 5 * random()),
});

/** One scenario of the sweep with one thing going wrong, on services that are unevenly slow. */
async function runInDelays(seed: number): Promise<Tally> {
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  };
  const scenario = pick(SCENARIOS);
  const { hasSubscriber } = scenario;
  const start = () => startVirtualSimulation({ hasSubscriber, seed, delays: uneven });
  const calm = await start();
  const points = await scenario.record(calm);
  await calm.close();
  const one = pick(points.flatMap((point) => scenario.casesAt(point)));
  const disturbed = await start();
  try {
    await scenario.runDisturbed(disturbed, one);
  } catch (error) {
    throw new Error(`${scenario.name}: ${titleOf(one)}`, { cause: error });
  } finally {
    await disturbed.close();
  }
  return { writes: points.length };
}

export const TRIALS: readonly TrialOf[] = [
  killOf("batch"),
  killOf("taxonomy"),
  killOf("cluster"),
  {
    name: "order",
    rule: "an endpoint that wants order gets each event of a task, the first time by sequence, whatever goes wrong",
    inSuite: 25,
    atLeast: { crashes: 1, repeated: 1 },
    run: async (seed) => checkOrder(await runOrderTrial(seed)),
  },
  {
    name: "delays",
    rule: "what a scenario promises holds when services are unevenly slow as well",
    inSuite: 15,
    atLeast: { writes: 4 },
    run: runInDelays,
  },
];
