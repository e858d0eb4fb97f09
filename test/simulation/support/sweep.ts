import { describe, expect, it } from "vitest";
import type { Sweepable } from "../scenarios/index.ts";
import { titleOf } from "./cut-off.ts";
import type { Simulation } from "./simulation.ts";
import { readTable } from "./table.ts";
import { startVirtualSimulation } from "./virtual/simulation.ts";

/** Runs something in a virtual world of its own. */
export async function inVirtualWorld<Result>(
  { hasSubscriber }: Pick<Sweepable, "hasSubscriber">,
  work: (simulation: Simulation) => Promise<Result>,
): Promise<Result> {
  const simulation = await startVirtualSimulation({ hasSubscriber });
  let isDone = false;
  try {
    const result = await work(simulation);
    isDone = true;
    return result;
  } finally {
    // What went wrong in the work says more than what that left behind.
    await simulation.close().catch((error: unknown) => {
      if (isDone) throw error;
    });
  }
}

/**
 * Makes a test of everything that can go wrong at every single write of each scenario: it is run once
 * undisturbed, and then anew for each case. Call it at the top of a file and await it.
 */
export async function describeSweep(scenarios: readonly Sweepable[]): Promise<void> {
  const table = await readTable();
  for (const scenario of scenarios) {
    const points = await inVirtualWorld(scenario, (simulation) => scenario.record(simulation));
    const cases = points.flatMap((point) => scenario.casesAt(point));
    describe(scenario.name, () => {
      it("has the writes and the cases that README.md says, and no fewer than in workerd", () => {
        const row = table.get(scenario.name);
        expect(row).toMatchObject({ writes: points.length, cases: cases.length });
        expect(points.length).toBeGreaterThanOrEqual(row?.writesBefore ?? Infinity);
        expect(cases.length).toBeGreaterThanOrEqual(row?.casesBefore ?? Infinity);
      });
      it.each(cases.map((one) => [titleOf(one), one] as const))("%s", async (_title, one) => {
        await inVirtualWorld(scenario, (simulation) => scenario.runDisturbed(simulation, one));
      });
    });
  }
}
