import { checkKill } from "./kill-check.ts";
import { runTrial, type TrialKind } from "./kill-trial.ts";
import { checkOrder } from "./order-check.ts";
import { runOrderTrial } from "./order-trial.ts";

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
];
