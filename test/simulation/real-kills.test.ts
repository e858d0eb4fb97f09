import { afterAll, describe, it } from "vitest";
import { SCENARIOS, type Sweepable } from "./scenarios/index.ts";
import { type RealSimulation, startRealSimulation } from "./support/real-simulation.ts";
import { type Case, titleOf } from "./support/cut-off.ts";
import type { ServiceName } from "./support/write-points.ts";

/** One with a subscriber in code, and one without. */
const simulations = new Map<boolean, Promise<RealSimulation>>();
afterAll(async () => {
  for (const simulation of simulations.values()) await (await simulation).close();
});

function worldOf({ hasSubscriber }: Sweepable): Promise<RealSimulation> {
  const known = simulations.get(hasSubscriber) ?? startRealSimulation({ hasSubscriber });
  simulations.set(hasSubscriber, known);
  return known;
}

/** Who gets a kind of write, by its verb; MongoDB for all others. */
const SERVICES: ReadonlyMap<string, ServiceName> = new Map([
  ["publish", "qstash"],
  ["deliver", "qstash"],
  ["batch-item", "qstash"],
  ["EVAL", "redis"],
]);

/** A SIGKILL at the first write of a kind. */
function killAt(kind: string, phase: Case["phase"]): Case {
  const [verb = ""] = kind.split(" ");
  const service = SERVICES.get(verb) ?? "mongodb";
  return { point: { service, kind, occurrence: 1, label: kind }, phase, mode: "killed" };
}

describe.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  "%s",
  (_name, scenario) => {
    const { before, after } = scenario.kills;
    const cases = [killAt(before, "before"), killAt(after, "after")];
    it.each(cases.map((one) => [titleOf(one), one] as const))("%s", async (_title, one) => {
      await scenario.runDisturbed(await worldOf(scenario), one);
    });
  },
);
