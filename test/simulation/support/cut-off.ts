import { describe, expect, it } from "vitest";
import type { FaultPhase } from "../../../local/faults.ts";
import { disturb, type Mode } from "./disturbance.ts";
import { drainQueue, passTimeUntil, type Simulation } from "./simulation.ts";
import { recordWrites, type WritePoint } from "./write-points.ts";

/** Something that a client or the queue sets going, and what must have come of it in the end. */
export type Scenario<Prepared> = {
  readonly name: string;
  /** Brings about, undisturbed, the moment before. */
  readonly prepare: (simulation: Simulation) => Promise<Prepared>;
  /** What is to be disturbed. Must not reject: a client notes what it was answered. */
  readonly act: (simulation: Simulation, prepared: Prepared) => Promise<void>;
  /** What follows: a client that wasn't answered asks again, and what was held back goes on. */
  readonly release?: (prepared: Prepared) => Promise<void>;
  /** Which writes are disturbed: those up to the end of `act`, or all until nothing is left to do. */
  readonly disturbed: "act" | "until settled";
  /** Whether nothing is left to do. */
  readonly isSettled: (prepared: Prepared) => Promise<boolean>;
  /** What a client does only after a long time: it asks again. */
  readonly insist?: (prepared: Prepared) => Promise<void>;
  readonly check: (prepared: Prepared) => Promise<void>;
  /**
   * Whether runs differ in how many writes they have, since chance is part of them: the jitter of
   * retries, of which the relay may or may not come in between. A write that another run had and this
   * one lacks then disturbs nothing. Absent, that is a failure.
   */
  readonly varies?: boolean;
};

export type ModesOf = (point: WritePoint) => readonly Mode[];

/** A service that is lost after a write is one that is lost before the next. */
const PHASES: Readonly<Record<Mode, readonly FaultPhase[]>> = {
  cut: ["before", "after"],
  lost: ["before"],
  killed: ["before", "after"],
  flushed: ["before", "after"],
};

const EACH_WRITE: ModesOf = () => ["cut", "lost", "killed"];

type Case = { readonly point: WritePoint; readonly phase: FaultPhase; readonly mode: Mode };

/**
 * Makes a test of every single write: the scenario is run once undisturbed, and then anew for each
 * write that it did, with a fault just before it and just after it. Call it at the top of a file
 * and await it.
 */
export async function describeCutOffs<Prepared>(
  simulation: Simulation,
  scenario: Scenario<Prepared>,
  modesOf: ModesOf = EACH_WRITE,
): Promise<void> {
  const cases = await casesOf(simulation, scenario, modesOf);
  describe(scenario.name, () => {
    it.each(cases.map((one) => [titleOf(one), one] as const))("%s", async (_title, one) => {
      await runDisturbed(simulation, scenario, one);
    });
  });
}

async function casesOf<Prepared>(
  simulation: Simulation,
  scenario: Scenario<Prepared>,
  modesOf: ModesOf,
): Promise<readonly Case[]> {
  const prepared = await scenario.prepare(simulation);
  const act = () => scenario.act(simulation, prepared);
  const settle = () => passTimeUntil(simulation, () => scenario.isSettled(prepared));
  const proceed = async () => {
    await scenario.release?.(prepared);
    await settle();
  };
  const points = await recordWrites(simulation, async () => {
    await act();
    if (scenario.disturbed === "until settled") await proceed();
  });
  if (scenario.disturbed === "act") await proceed();
  await drainQueue(simulation);
  await scenario.check(prepared);
  if (points.length === 0) throw new Error(`${scenario.name} writes nothing`);
  return points.flatMap((point) =>
    modesOf(point).flatMap((mode) => PHASES[mode].map((phase) => ({ point, phase, mode }))),
  );
}

async function runDisturbed<Prepared>(
  simulation: Simulation,
  scenario: Scenario<Prepared>,
  { point, phase, mode }: Case,
): Promise<void> {
  const prepared = await scenario.prepare(simulation);
  const disturbance = disturb(simulation, point, phase, mode);
  const recover = () => {
    if (disturbance.wasReached()) disturbance.lift();
  };
  const settle = () =>
    passTimeUntil(simulation, async () => {
      recover();
      return scenario.isSettled(prepared);
    });
  try {
    await scenario.act(simulation, prepared);
    if (scenario.disturbed === "act") disturbance.lift();
    recover();
    await scenario.release?.(prepared);
    await settle();
    await scenario.insist?.(prepared);
    await settle();
    await drainQueue(simulation);
  } finally {
    disturbance.lift();
    simulation.world.stack.qstash.misbehaviours.clear();
    await simulation.whenUp();
  }
  if (scenario.varies !== true) {
    expect(disturbance.wasReached(), `${point.label} was never reached`).toBe(true);
  }
  await scenario.check(prepared);
}

function titleOf({ point, phase, mode }: Case): string {
  switch (mode) {
    case "cut":
      return `connection cut ${phase} ${point.label}`;
    case "lost":
      return `${point.service} lost from ${point.label} on`;
    case "killed":
      return `worker killed ${phase} ${point.label}`;
    case "flushed":
      return `Redis flushed ${phase} ${point.label}`;
  }
}
