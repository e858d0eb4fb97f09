import { expect } from "vitest";
import type { OrderTrial, Receipt } from "./order-trial.ts";

/** The sequences of a task in the order in which the endpoint got each for the first time. */
function firstReceipts(receipts: readonly Receipt[], taskId: string): readonly number[] {
  const own = receipts.filter((receipt) => receipt.taskId === taskId);
  return [...new Set(own.map(({ sequence }) => sequence))];
}

/** What must hold for an endpoint that wants order. How often what it is about happened. */
export function checkOrder({
  receipts,
  deliveries,
  expected,
  crashes,
}: OrderTrial): Readonly<Record<string, number>> {
  for (const [taskId, sequences] of expected) {
    expect(firstReceipts(receipts, taskId)).toEqual(sequences);
  }
  for (const { state, attempts, attempt_count } of deliveries) {
    expect(state).toBe("DELIVERED");
    expect(new Set(attempts.map(({ attempt }) => attempt)).size).toBe(attempt_count);
  }
  return { crashes, repeated: receipts.length - deliveries.length };
}
