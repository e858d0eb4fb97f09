import type { StepOutcome } from "../../../engine/jobs/define-loop.ts";
import { addRows, isSameSum } from "./checksum.ts";
import { removeExtras, ROWS_PER_STEP, type Work } from "./copy-steps.ts";
import { mapRow } from "./map-row.ts";
import { afterVerified, type MigrationState } from "./migration-state.ts";

/** What a step of the verification came to. */
export type Verdict =
  | { readonly kind: "next"; readonly state: MigrationState }
  | Extract<StepOutcome<MigrationState>, { kind: "fail" }>;

/** Adds the next rows of the source, as their copies should be: one read. */
export async function sumSourceStep(state: MigrationState, work: Work): Promise<MigrationState> {
  const { kind, ids, sourceId, targetId } = work;
  const page = await work.ctx.stores.copies.page(kind, sourceId, state.after_id, ROWS_PER_STEP);
  const mapped = await Promise.all(page.rows.map((row) => mapRow(kind, row, ids, targetId)));
  const source = await addRows(state.source, mapped);
  if (page.isLast) return { ...state, source, phase: "sum_target", after_id: null };
  return { ...state, source, after_id: page.rows.at(-1)?._id ?? state.after_id };
}

/**
 * Adds the next copies, without those whose rows are gone, which are deleted: two reads, and a
 * deletion where there is any. The last step compares.
 */
export async function sumTargetStep(state: MigrationState, work: Work): Promise<Verdict> {
  const { kind, targetId } = work;
  const page = await work.ctx.stores.copies.page(kind, targetId, state.after_id, ROWS_PER_STEP);
  const target = await addRows(state.target, await removeExtras(page.rows, work));
  const after = { ...state, target, after_id: page.rows.at(-1)?._id ?? state.after_id };
  return page.isLast ? compare(after) : { kind: "next", state: after };
}

/** A kind that isn't the same was written meanwhile, most likely: it is copied once more, whole. */
function compare(state: MigrationState): Verdict {
  const { kind, source, target, recopied } = state;
  if (isSameSum(source, target)) return { kind: "next", state: afterVerified(state) };
  if (recopied.includes(kind)) {
    return {
      kind: "fail",
      state,
      code: "verification_failed",
      message:
        `The ${kind} of source and target are not the same, also after a second copy. ` +
        "Start the migration again when less is written to the source.",
      details: { kind, source, target },
    };
  }
  return {
    kind: "next",
    state: {
      ...state,
      phase: "copy",
      after_id: null,
      is_recopying: true,
      recopied: [...recopied, kind],
    },
  };
}
