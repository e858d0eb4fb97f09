import { expect } from "vitest";
import type { FaultPhase } from "../../../local/faults.ts";
import { disturb, type Mode } from "./disturbance.ts";
import type { Scenario } from "./scenario.ts";
import { drainQueue, passTimeUntil, type Simulation } from "./simulation.ts";
import { recordWrites, type WritePoint } from "./write-points.ts";

/** One run of a scenario with one thing going wrong. */
export type Case = {
  readonly point: WritePoint;
  readonly phase: FaultPhase;
  readonly mode: Mode;
};

/** What can go wrong at any write. A service that is lost after a write is one that is lost before the next. */
const AT_WRITES: readonly (readonly [Mode, FaultPhase])[] = [
  ["cut", "before"],
  ["cut", "after"],
  ["lost", "before"],
  ["killed", "before"],
  ["killed", "after"],
];

const AT_REDIS: readonly (readonly [Mode, FaultPhase])[] = [
  ["flushed", "before"],
  ["flushed", "after"],
];

const AT_DELIVERIES: readonly (readonly [Mode, FaultPhase])[] = [
  ["doubled", "before"],
  ["twice at once", "before"],
  ["late", "before"],
];

export const ALL_MODES: ReadonlySet<Mode> = new Set(
  [...AT_WRITES, ...AT_REDIS, ...AT_DELIVERIES].map(([mode]) => mode),
);

/** What of these modes can go wrong at a write. */
export function casesAt(point: WritePoint, modes: ReadonlySet<Mode>): readonly Case[] {
  const ways = [
    ...AT_WRITES,
    ...(point.service === "redis" ? AT_REDIS : []),
    ...(point.kind.startsWith("deliver ") ? AT_DELIVERIES : []),
  ];
  return ways.filter(([mode]) => modes.has(mode)).map(([mode, phase]) => ({ point, mode, phase }));
}

/** Runs a scenario undisturbed; the writes of it that are to be disturbed. */
export async function recordScenario<Prepared>(
  simulation: Simulation,
  scenario: Scenario<Prepared>,
): Promise<readonly WritePoint[]> {
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
  return points;
}

/** Runs a scenario anew, with one thing going wrong, and looks whether all of it came to its end. */
export async function runDisturbed<Prepared>(
  simulation: Simulation,
  scenario: Scenario<Prepared>,
  { point, phase, mode }: Case,
): Promise<void> {
  const prepared = await scenario.prepare(simulation);
  const disturbance = disturb(simulation, point, phase, mode);
  const recover = () => {
    if (disturbance.wasReached() && mode !== "late") disturbance.lift();
  };
  const settle = () =>
    passTimeUntil(simulation, async () => {
      recover();
      return scenario.isSettled(prepared);
    });
  try {
    await scenario.act(simulation, prepared);
    if (scenario.disturbed === "act" && mode !== "late") disturbance.lift();
    recover();
    await scenario.release?.(prepared);
    await settle();
    await scenario.insist?.(prepared);
    await settle();
    // What is late comes now.
    disturbance.lift();
    await drainQueue(simulation);
  } finally {
    disturbance.lift();
    simulation.qstash.misbehaviours.clear();
    await simulation.whenUp();
  }
  expect(disturbance.wasReached(), `${point.label} was never reached`).toBe(true);
  await scenario.check(prepared);
}

export function titleOf({ point, phase, mode }: Case): string {
  switch (mode) {
    case "cut":
      return `connection cut ${phase} ${point.label}`;
    case "lost":
      return `${point.service} lost from ${point.label} on`;
    case "killed":
      return `worker killed ${phase} ${point.label}`;
    case "flushed":
      return `Redis flushed ${phase} ${point.label}`;
    case "doubled":
      return `delivered again: ${point.label}`;
    case "twice at once":
      return `delivered twice at once: ${point.label}`;
    case "late":
      return `delivered after everything else: ${point.label}`;
  }
}
