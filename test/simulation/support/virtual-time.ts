/** A program on the simulated machine: an invocation, a cron run, a caller's request. */
export type Process = {
  readonly taskId: string | null;
  /** How far its own clock is from the true one, in milliseconds. */
  readonly skewMs: number;
  /** Dies at this many operations from now; null: it lives to its end. */
  crash: { operations: number; readonly lost: "operation" | "answer" } | null;
  /** Operations that it waits for. */
  pending: number;
  isOver: boolean;
};

/** How long an operation is on its way, and how long its caller sleeps before it sees the answer. */
export type Delays = { readonly flightMs: () => number; readonly pauseMs: () => number };

/**
 * Time that passes from event to event, however long the programs compute in between: the next
 * event is taken once every program waits for one. So a seed gives one and the same story.
 */
export function createVirtualTime(startMs: number) {
  let nowMs = startMs;
  let order = 0;
  const events: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  const processes = new Set<Process>();

  const at = (atMs: number, run: () => void): void => {
    events.push({ atMs: Math.max(atMs, nowMs), order: (order += 1), run });
  };

  /** Carries out one operation of a process: sent now, in effect after its flight, answered after a pause. */
  function operate(
    process: Process,
    delays: Delays,
    perform: () => Promise<unknown>,
  ): Promise<unknown> {
    process.pending += 1;
    const dies = process.crash !== null && (process.crash.operations -= 1) <= 0;
    if (dies) processes.delete(process);
    return new Promise((resolve) => {
      if (dies && process.crash?.lost === "operation") return;
      at(nowMs + delays.flightMs(), () => {
        const result = perform();
        if (dies) return;
        at(nowMs + delays.pauseMs(), () => {
          process.pending -= 1;
          resolve(result);
        });
      });
    });
  }

  /** Until every program that lives waits for an operation or is over. */
  async function quiet(): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
    } while ([...processes].some((process) => process.pending === 0));
  }

  return {
    now: () => nowMs,
    at,
    operate,
    /** How many programs are at work. */
    alive: () => processes.size,
    spawn: (process: Process, work: () => Promise<unknown>, ended: (failed: boolean) => void) => {
      processes.add(process);
      const end = (failed: boolean) => {
        process.isOver = true;
        processes.delete(process);
        ended(failed);
      };
      work().then(
        () => end(false),
        () => end(true),
      );
    },
    /** Lets the next event happen, and all that follows at once; false when there is none any more. */
    step: async (): Promise<boolean> => {
      await quiet();
      let first = 0;
      for (let index = 1; index < events.length; index += 1) {
        const [one, other] = [events[index], events[first]];
        if (one === undefined || other === undefined) break;
        if (one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)) {
          first = index;
        }
      }
      const [next] = events.splice(first, 1);
      if (next === undefined) return false;
      nowMs = next.atMs;
      next.run();
      await quiet();
      return true;
    },
  };
}
