import type { FaultPhase } from "../../../local/faults.ts";
import type { Simulation } from "./simulation.ts";
import { isOfKind, serviceOf, type WritePoint } from "./write-points.ts";

/**
 * What happens at a write:
 * - `cut`: its connection is cut, once;
 * - `lost`: the service can't be reached from this write on, until the fault is lifted;
 * - `killed`: the worker is killed by SIGKILL at that moment, and started anew;
 * - `flushed`: Redis forgets everything.
 */
export type Mode = "cut" | "lost" | "killed" | "flushed";

/** A fault that waits for its write. */
export type Disturbance = {
  /** Whether the write came. */
  readonly wasReached: () => boolean;
  readonly lift: () => void;
};

/** Arms a fault before or after (`phase`) it is applied. */
export function disturb(
  simulation: Simulation,
  point: WritePoint,
  phase: FaultPhase,
  mode: Mode,
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
        strike();
      },
    }),
  ];

  function strike(): void {
    switch (mode) {
      case "cut":
        break;
      case "lost":
        lifts.push(faults.add({ phase: "before", match: () => true, action: { kind: "cut" } }));
        break;
      case "killed":
        // The connection is cut as well, but nobody is there any more to see it: what SIGKILL ends
        // at this moment sends nothing after it.
        simulation.crash();
        break;
      case "flushed":
        void simulation.world.stack.redis.flush();
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
