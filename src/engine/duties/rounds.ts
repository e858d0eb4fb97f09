import { StoreUnavailableError } from "../../ports/errors.ts";
import type { ServiceContext } from "../context.ts";

/** Whether a cron run's time is spent; then no duty begins another round. */
export type IsSpent = () => boolean;

/**
 * Repeats a round until one returns 0, `maxRounds` are done or the run's time is spent; returns the
 * sum. One round always runs, so a busy duty can't starve the others.
 */
export async function inRounds(
  { maxRounds, isSpent }: { readonly maxRounds: number; readonly isSpent: IsSpent },
  round: () => Promise<number>,
): Promise<number> {
  let total = 0;
  for (let rounds = 1; ; rounds += 1) {
    const done = await round();
    total += done;
    if (done === 0 || rounds >= maxRounds || isSpent()) return total;
  }
}

/**
 * Whether the work on one row succeeded; its error is logged. One bad row doesn't block the others,
 * now or in the next run. A store that is down does, and its error is rethrown.
 */
export async function tryRow(
  ctx: ServiceContext,
  id: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    ctx.runtime.log("error", "cron could not do its work on one row", {
      id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return false;
  }
}

/** Rows processed concurrently. */
const ROWS_AT_ONCE = 10;

/** A run that meets more bad rows than this stops: they would fill every page. */
const MAX_FAILED = 200;

/** A duty that processes rows one by one. */
export type RowDuty<Row> = {
  readonly rowsPerRound: number;
  readonly maxRounds: number;
  readonly isSpent: IsSpent;
  /** The due rows, up to about a limit. A processed row is no longer due. */
  readonly due: (limit: number) => Promise<readonly Row[]>;
  /**
   * Processes one row; returns whether there was something to do and no other writer was faster.
   */
  readonly work: (row: Row) => Promise<boolean>;
  /** The remaining work for all rows of a round together. */
  readonly afterRound?: () => Promise<void>;
};

/** The result of a run; `failed` rows could not be processed and stay due. */
export type RowReport = { readonly done: number; readonly failed: number };

/**
 * Processes all due rows in rounds, several at once and each independently: failed rows are skipped
 * in later rounds and tried again by the next run. Throws `StoreUnavailableError`.
 */
export async function workThrough<Row extends { readonly _id: string }>(
  ctx: ServiceContext,
  duty: RowDuty<Row>,
): Promise<RowReport> {
  const failed = new Set<string>();
  let done = 0;
  const workOn = async (row: Row) => {
    const isDone = await tryRow(ctx, row._id, async () => {
      if (await duty.work(row)) done += 1;
    });
    if (!isDone) failed.add(row._id);
  };
  await inRounds(duty, async () => {
    if (failed.size > MAX_FAILED) return 0;
    const due = await duty.due(duty.rowsPerRound + failed.size);
    const rows = due.filter((row) => !failed.has(row._id));
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      await Promise.all(rows.slice(start, start + ROWS_AT_ONCE).map(workOn));
    }
    await duty.afterRound?.();
    return rows.length;
  });
  return { done, failed: failed.size };
}
