import { describe, expect, it } from "vitest";
import { type OrderTrial, type Receipt, runOrderTrial } from "./support/order-trial.ts";

/** Trials a test; a seed gives one and the same story. `ORDER_TRIALS` asks for more. */
const TRIALS = Number(process.env["ORDER_TRIALS"] ?? 25);

/** The sequences of a task in the order in which the endpoint got each for the first time. */
function firstReceipts(receipts: readonly Receipt[], taskId: string): readonly number[] {
  const own = receipts.filter((receipt) => receipt.taskId === taskId);
  return [...new Set(own.map(({ sequence }) => sequence))];
}

function check({ receipts, deliveries, expected }: OrderTrial): void {
  for (const [taskId, sequences] of expected) {
    expect(firstReceipts(receipts, taskId)).toEqual(sequences);
  }
  for (const { state, attempts, attempt_count } of deliveries) {
    expect(state).toBe("DELIVERED");
    expect(new Set(attempts.map(({ attempt }) => attempt)).size).toBe(attempt_count);
  }
}

describe("an endpoint that wants order", () => {
  it("gets each event of a task, the first time by sequence, whatever goes wrong", async () => {
    let crashes = 0;
    let repeated = 0;
    for (let seed = 1; seed <= TRIALS; seed += 1) {
      const trial = await runOrderTrial(seed);
      try {
        check(trial);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
      crashes += trial.crashes;
      repeated += trial.receipts.length - trial.deliveries.length;
    }
    // What was to go wrong did.
    expect(crashes).toBeGreaterThan(TRIALS);
    expect(repeated).toBeGreaterThan(TRIALS);
  }, 120_000);
});
