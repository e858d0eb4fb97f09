import type { FaultPhase } from "../../../local/faults.ts";
import type { Simulation } from "./simulation.ts";
import { isOfKind, serviceOf, type WritePoint } from "./write-points.ts";

/**
 * What happens at a write:
 * - `cut`: its connection is cut, once;
 * - `lost`: the service can't be reached from this write on, until the fault is lifted;
 * - `killed`: the worker is killed at that moment, and started anew;
 * - `flushed`: Redis forgets everything;
 * and at the delivery of a message:
 * - `doubled`: it comes again, after its answer;
 * - `twice at once`: two copies come together;
 * - `late`: it comes hours later, or when everything else is over.
 */
export type Mode = Fault | Misbehaviour;

type Fault = "cut" | "lost" | "killed" | "flushed";

type Misbehaviour = "doubled" | "twice at once" | "late";

/** A fault that waits for its write. */
export type Disturbance = {
  /** Whether the write came. */
  readonly wasReached: () => boolean;
  /** Has the service work again, and the queue keep its promises. */
  readonly lift: () => void;
};

/** Arms a disturbance before or after (`phase`) a write is applied. */
export function disturb(
  simulation: Simulation,
  point: WritePoint,
  phase: FaultPhase,
  mode: Mode,
): Disturbance {
  switch (mode) {
    case "doubled":
    case "twice at once":
    case "late":
      return misbehave(simulation, point, mode);
    case "cut":
    case "lost":
    case "killed":
    case "flushed":
      return strike(simulation, point, phase, mode);
  }
}

function strike(
  simulation: Simulation,
  point: WritePoint,
  phase: FaultPhase,
  mode: Fault,
): Disturbance {
  const { faults } = serviceOf(simulation, point.service);
  let isReached = false;
  const lifts = [
    faults.add({
      phase,
      match: (operation) => isOfKind(point, operation),
      skip: point.occurrence - 1,
      times: 1,
      // A flush only looks on: the write itself is answered as ever.
      action: mode === "flushed" ? { kind: "delay", ms: 0 } : { kind: "cut" },
      onAct: () => {
        isReached = true;
        happen();
      },
    }),
  ];

  function happen(): void {
    switch (mode) {
      case "cut":
        break;
      case "lost":
        lifts.push(faults.add({ phase: "before", match: () => true, action: { kind: "cut" } }));
        break;
      case "killed":
        // The connection is cut as well, but nobody is there any more to see it: what ends at this
        // moment sends nothing after it.
        simulation.crash();
        break;
      case "flushed":
        void simulation.redis.flush();
        break;
    }
  }

  return {
    wasReached: () => isReached,
    lift: () => {
      for (const lift of lifts) lift();
    },
  };
}

/** A message that is late comes so much later. */
const LATE_MS = 6 * 3_600_000;

function misbehave(simulation: Simulation, point: WritePoint, mode: Misbehaviour): Disturbance {
  return mode === "late" ? delay(simulation, point) : double(simulation, point, mode);
}

function delay({ qstash, clock }: Simulation, point: WritePoint): Disturbance {
  let isReached = false;
  const { promise: until, resolve } = Promise.withResolvers<void>();
  const lift = qstash.faults.add({
    phase: "before",
    match: (operation) => isOfKind(point, operation),
    skip: point.occurrence - 1,
    times: 1,
    action: { kind: "hold", until },
    onAct: () => {
      isReached = true;
      clock.schedule(clock.now() + LATE_MS, resolve);
    },
  });
  return {
    wasReached: () => isReached,
    lift: () => {
      lift();
      resolve();
    },
  };
}

function double(
  { qstash }: Simulation,
  point: WritePoint,
  mode: Exclude<Misbehaviour, "late">,
): Disturbance {
  let seen = 0;
  const lift = qstash.misbehaviours.add({
    kind: "duplicate",
    deliveries: 2,
    together: mode === "twice at once",
    match: (operation) => isOfKind(point, operation) && (seen += 1) === point.occurrence,
  });
  return { wasReached: () => seen >= point.occurrence, lift };
}
