import { type FaultPhase, type Operation, waitFor } from "../faults.ts";
import type { Broker } from "./broker.ts";

export type Reply = { readonly status: number; readonly body?: unknown };

/** A fault asks that the caller's connection be closed without an answer. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

/** A fault asks for the answer of a service that is out of order. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/**
 * Carries a request out as the faults in force will have it, and records what was accepted of it.
 *
 * "before" faults keep it from being carried out, "after" faults only touch its answer.
 */
export async function carryOut(
  broker: Broker,
  asked: readonly Operation[],
  run: () => { readonly reply: Reply; readonly accepted: readonly Operation[] },
): Promise<Reply> {
  await applyFaults(broker, "before", asked);
  const { reply, accepted } = run();
  for (const operation of accepted) broker.operations.record(operation);
  await applyFaults(broker, "after", accepted);
  return reply;
}

async function applyFaults(
  broker: Broker,
  phase: FaultPhase,
  operations: readonly Operation[],
): Promise<void> {
  for (const operation of operations) {
    const action = broker.faults.decide(phase, operation);
    switch (action?.kind) {
      case undefined:
        break;
      case "delay":
      case "hold":
        await waitFor(action);
        break;
      case "cut":
        throw new ConnectionCut();
      case "refuse":
        throw new Refused();
    }
  }
}
