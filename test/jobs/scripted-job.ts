import { z } from "zod";
import { defineLoop, type StepOutcome } from "../../src/engine/jobs/define-loop.ts";
import type { JobEvent } from "../../src/engine/jobs/loop.ts";
import { registerJobs } from "../../src/engine/jobs/registry.ts";
import { BATCHES } from "../../src/content/batch/batch-kind.ts";

/** What a scripted job remembers: how many steps it has done. */
export type Counter = { readonly done: number };

/** What a scripted job does; a test changes it at will. */
export type Script = {
  /** After so many steps it is done. */
  steps: number;
  /** Takes the place of the start; null: it begins at 0. */
  onStart: (() => StepOutcome<Counter>) | null;
  /** From the step after this one on it can't be killed; null: it always can. */
  refusesAfter: number | null;
  /** Called in each step, from 1, before it counts; what it throws is the step's failure. */
  onStep: (step: number) => void | Promise<void>;
  /** What a step has to tell, by its number. */
  eventsOf: (step: number) => readonly JobEvent[];
  /** Called with the count to take back. */
  onUndo: (done: number) => void | Promise<void>;
};

let script: Script = createScript();

/** A script of three steps to which nothing happens. */
function createScript(): Script {
  return {
    steps: 3,
    onStart: null,
    refusesAfter: null,
    onStep: () => undefined,
    eventsOf: () => [],
    onUndo: () => undefined,
  };
}

/** Gives the job a new script; one at a time is in force in a test file. */
export function newScript(): Script {
  script = createScript();
  return script;
}

/**
 * A job that counts, with a test's script: it mirrors to batches, shows its count as an output and
 * says by event what it has done.
 */
const counting = defineLoop({
  type: "counting",
  input: z.object({}),
  state: z.object({ done: z.int() }),
  attempts: 3,
  resource: BATCHES,
  emits: { "steps.counted": z.object({ step: z.int() }) },
  start: () => Promise.resolve(script.onStart?.() ?? outcomeAt(0)),
  advance: async ({ done }) => {
    await script.onStep(done + 1);
    return outcomeAt(done + 1);
  },
  conclude: ({ done }) => ({
    outputs: [{ done }],
    events: [{ type: "collection.documents.written", data: { done } }],
  }),
  undo: async ({ done }) => script.onUndo(done),
});

function outcomeAt(done: number): StepOutcome<Counter> {
  const progress = { completed: done, total: script.steps, unit: "steps", message: null };
  if (done >= script.steps) return { kind: "done", state: { done }, progress };
  const refuses = script.refusesAfter !== null && done >= script.refusesAfter;
  const events = script.eventsOf(done);
  return {
    kind: "next",
    state: { done },
    progress,
    events,
    ...(refuses && { killRefusal: "too late" }),
  };
}

/** The jobs of a deployment that has this one only. */
export const JOBS = registerJobs([counting]);
