import { z } from "zod";
import type { Progress } from "../../../contract/task.ts";
import { COPIED_KINDS, type CopiedKind } from "../copied-kinds.ts";
import { NonRetryableError } from "../../../engine/jobs/define-loop.ts";
import { EMPTY_SUM, type RowSum } from "./checksum.ts";

/**
 * How far before a pass's beginning the next one looks for writes, in milliseconds: a write is dated
 * before it is sent, and may be sent three times of 10 s each.
 */
const MARGIN_MS = 60_000;

/** One pass over everything, then up to three for what was written meanwhile. */
const MAX_PASSES = 4;

const Sum = z.object({ count: z.int().min(0), sum: z.string() });

const Position = z.object({ phase: z.enum(["copy", "late"]), after_id: z.string().nullable() });

export const MigrationState = z.object({
  /**
   * `plan` counts; `target` makes the target; `copy` copies a kind; `late` what of it was written
   * since; `sum_source` and `sum_target` verify it; `prune` takes from the target what the source has
   * no longer; `activate` puts the target in service.
   */
  phase: z.enum([
    "plan",
    "target",
    "copy",
    "late",
    "prune",
    "sum_source",
    "sum_target",
    "activate",
    "done",
  ]),
  /** By name, so that another version of the worker with other kinds goes on at the same one. */
  kind: z.string(),
  after_id: z.string().nullable(),
  /** From 1. */
  pass: z.int().min(1),
  /** In milliseconds since 1970, as `since`: what a late pass copies was written at that time or later. */
  pass_started_at: z.int(),
  since: z.int(),
  /** How many rows this pass has found to be new or other than the copy. */
  changed: z.int().min(0),
  /** How often a row was refused by a unique index, and where copying goes on after the prune. */
  conflicts: z.int().min(0),
  resume: Position.nullable(),
  /** The kinds whose verification failed once, and whether the present one is copied again for it. */
  recopied: z.array(z.string()),
  is_recopying: z.boolean(),
  source: Sum,
  target: Sum,
  /** How many rows of each kind were verified. */
  copied: z.record(z.string(), z.int().min(0)),
  total: z.int().min(0),
  completed: z.int().min(0),
});

export type MigrationState = z.infer<typeof MigrationState>;

/** The first and the only state that a kill finds. */
export function initialState(now: Date): MigrationState {
  return {
    phase: "plan",
    kind: kindAt(0).name,
    after_id: null,
    pass: 1,
    pass_started_at: now.getTime(),
    since: 0,
    changed: 0,
    conflicts: 0,
    resume: null,
    recopied: [],
    is_recopying: false,
    source: EMPTY_SUM,
    target: EMPTY_SUM,
    copied: {},
    total: 0,
    completed: 0,
  };
}

/** The kind that a state is at. */
export function kindOf({ kind: name }: MigrationState): CopiedKind {
  const kind = COPIED_KINDS.find((one) => one.name === name);
  if (kind !== undefined) return kind;
  throw new NonRetryableError("unknown_kind", `This deployment doesn't copy ${name}.`);
}

/** The state once all rows of a kind were copied, in whatever pass. */
export function afterKind(state: MigrationState, now: Date): MigrationState {
  if (state.is_recopying) return { ...toVerification(state, state.kind), is_recopying: false };
  const next = nextKind(state);
  if (next !== null) return { ...state, kind: next.name, after_id: null };
  const isLastPass = state.pass > 1 && (state.changed === 0 || state.pass >= MAX_PASSES);
  if (isLastPass) return toVerification(state, kindAt(0).name);
  return {
    ...state,
    phase: "late",
    kind: kindAt(0).name,
    after_id: null,
    pass: state.pass + 1,
    since: state.pass_started_at - MARGIN_MS,
    pass_started_at: now.getTime(),
    changed: 0,
  };
}

/** The state once a kind was found to be the same on both sides. */
export function afterVerified(state: MigrationState): MigrationState {
  const copied = { ...state.copied, [state.kind]: state.target.count };
  const next = nextKind(state);
  if (next === null) return { ...state, copied, phase: "activate", after_id: null };
  return { ...toVerification(state, next.name), copied };
}

function toVerification(state: MigrationState, kind: string): MigrationState {
  const sums = { source: EMPTY_SUM, target: EMPTY_SUM } satisfies Record<string, RowSum>;
  return { ...state, ...sums, phase: "sum_source", kind, after_id: null };
}

function nextKind(state: MigrationState): CopiedKind | null {
  return COPIED_KINDS[COPIED_KINDS.indexOf(kindOf(state)) + 1] ?? null;
}

function kindAt(index: number): CopiedKind {
  const kind = COPIED_KINDS[index];
  if (kind === undefined) throw new Error("there is nothing to copy");
  return kind;
}

/** What the task shows of a state. */
export function progressOf(state: MigrationState): Progress {
  const { completed, total } = state;
  // What was written meanwhile comes on top.
  return { completed, total: Math.max(total, completed), unit: "rows", message: messageOf(state) };
}

function messageOf({ phase, kind }: MigrationState): string | null {
  switch (phase) {
    case "plan":
    case "target":
      return "planning";
    case "copy":
      return `copying ${kind}`;
    case "late":
    case "prune":
      return `looking for changes of ${kind}`;
    case "sum_source":
    case "sum_target":
      return `verifying ${kind}`;
    case "activate":
    case "done":
      return null;
  }
}
