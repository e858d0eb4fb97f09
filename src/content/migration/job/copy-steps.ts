import type { NamespaceStore } from "../../../ports/namespace-store.ts";
import { SlotTakenError } from "../../../ports/errors.ts";
import type { CopiedKind } from "../copied-kinds.ts";
import type { CopiedRow, CopyStore, MigrationRecord, MigrationStore } from "../migration-store.ts";
import { type LoopContext, NonRetryableError } from "../../../engine/jobs/define-loop.ts";
import { createIdMap, type IdMap, targetIdOf } from "../id-map.ts";
import { mapRow, sourceIdOf } from "./map-row.ts";
import { afterKind, kindOf, type MigrationState } from "./migration-state.ts";

/** How many rows a step reads and writes at the most; with 8 MiB, a read's own limit. */
export const ROWS_PER_STEP = 500;

/** How many rows a step of a late pass looks at without their contents: some 100 KiB. */
const OUTLINES_PER_STEP = 2000;

/** Names and keys may change hands in the source while it is copied; not for ever. */
const MAX_CONFLICTS = 10;

/** What a migration reads and writes. */
export type MigrationStores = {
  readonly copies: CopyStore;
  readonly migrations: Pick<MigrationStore, "update">;
  readonly namespaces: Pick<NamespaceStore, "find" | "insert" | "activate">;
};

export type MigrationContext = LoopContext<
  { readonly migration_id: string },
  unknown,
  MigrationRecord,
  MigrationStores
>;

/** What the steps of one run work with. */
export type Work = {
  readonly ctx: MigrationContext;
  readonly kind: CopiedKind;
  readonly ids: IdMap;
  readonly sourceId: string;
  readonly targetId: string;
};

/** The {@link Work} of the kind that a state is at. */
export async function workOf(state: MigrationState, ctx: MigrationContext): Promise<Work> {
  const { _id } = ctx.resource;
  return {
    ctx,
    kind: kindOf(state),
    ids: await createIdMap(_id),
    sourceId: ctx.namespaceId,
    targetId: targetIdOf(_id),
  };
}

/** Copies the next rows of a kind: one read and one write. */
export async function copyStep(state: MigrationState, work: Work): Promise<MigrationState> {
  const { copies } = work.ctx.stores;
  const { rows, isLast } = await copies.page(
    work.kind,
    work.sourceId,
    state.after_id,
    ROWS_PER_STEP,
  );
  const changed = await write(rows, work);
  if (changed === null) return toPrune(state, "copy");
  const isFirst = state.pass === 1 && !state.is_recopying;
  const after: MigrationState = {
    ...state,
    after_id: rows.at(-1)?._id ?? state.after_id,
    changed: state.changed + changed,
    completed: state.completed + (isFirst ? rows.length : 0),
  };
  return isLast ? afterKind(after, work.ctx.runtime.now()) : after;
}

/** Copies what of the next rows was written since the pass before began: at most two reads and one write. */
export async function lateStep(state: MigrationState, work: Work): Promise<MigrationState> {
  const { copies } = work.ctx.stores;
  const { kind, sourceId } = work;
  const seen = await copies.outline(kind, sourceId, state.after_id, OUTLINES_PER_STEP);
  const late = seen.filter(
    ({ updated_at }) => updated_at === undefined || updated_at.getTime() >= state.since,
  );
  const chosen = late.slice(0, ROWS_PER_STEP).map((row) => row._id);
  const { rows, isLast: isWhole } =
    chosen.length === 0 ? { rows: [], isLast: true } : await copies.pick(kind, sourceId, chosen);
  const changed = await write(rows, work);
  if (changed === null) return toPrune(state, "late");
  const isThrough = isWhole && chosen.length === late.length;
  const last = isThrough ? seen.at(-1)?._id : isWhole ? chosen.at(-1) : rows.at(-1)?._id;
  const after: MigrationState = {
    ...state,
    after_id: last ?? state.after_id,
    changed: state.changed + changed,
  };
  const isEnd = isThrough && seen.length < OUTLINES_PER_STEP;
  return isEnd ? afterKind(after, work.ctx.runtime.now()) : after;
}

/** Takes from the target what the source has no longer: two reads, and a deletion where there is any. */
export async function pruneStep(state: MigrationState, work: Work): Promise<MigrationState> {
  const page = await work.ctx.stores.copies.page(
    work.kind,
    work.targetId,
    state.after_id,
    ROWS_PER_STEP,
  );
  await removeExtras(page.rows, work);
  if (!page.isLast) return { ...state, after_id: page.rows.at(-1)?._id ?? state.after_id };
  if (state.resume === null) throw new Error("nothing goes on after the prune");
  return { ...state, ...state.resume, resume: null };
}

/** Deletes those of some copies whose rows are gone, and answers the others. */
export async function removeExtras(
  rows: readonly CopiedRow[],
  { ctx, kind, ids, sourceId, targetId }: Work,
): Promise<readonly CopiedRow[]> {
  if (rows.length === 0) return [];
  const { copies } = ctx.stores;
  const sourceIds = await Promise.all(rows.map((row) => sourceIdOf(kind, row, ids)));
  const existing = await copies.existing(kind, sourceId, sourceIds);
  const isKept = (_: CopiedRow, index: number) => existing.has(sourceIds[index] ?? "");
  const kept = rows.filter(isKept);
  if (kept.length < rows.length) {
    const extras = rows.filter((row, index) => !isKept(row, index)).map((row) => row._id);
    await copies.remove(kind, targetId, extras);
  }
  return kept;
}

/** How many rows changed; null when a unique index refused one. */
async function write(rows: readonly CopiedRow[], work: Work): Promise<number | null> {
  if (rows.length === 0) return 0;
  const { ctx, kind, ids, targetId } = work;
  const mapped = await Promise.all(rows.map((row) => mapRow(kind, row, ids, targetId)));
  try {
    return await ctx.stores.copies.write(kind, mapped);
  } catch (error) {
    if (error instanceof SlotTakenError) return null;
    throw error;
  }
}

/**
 * The copy of a row that is gone has the name or key that a new row has now. It is taken away first,
 * and then the same rows are copied again.
 */
function toPrune(state: MigrationState, phase: "copy" | "late"): MigrationState {
  if (state.conflicts >= MAX_CONFLICTS) {
    throw new NonRetryableError(
      "copy_conflict",
      `Names or keys of ${state.kind} kept changing hands while they were copied. Start the migration again.`,
    );
  }
  return {
    ...state,
    phase: "prune",
    after_id: null,
    conflicts: state.conflicts + 1,
    resume: { phase, after_id: state.after_id },
  };
}
