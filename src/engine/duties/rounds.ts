import { StoreUnavailableError } from "../../ports/errors.ts";
import type { ServiceContext } from "../context.ts";

/** Whether the time of a cron run is spent: then no duty begins another round. */
export type IsSpent = () => boolean;

/**
 * Repeats a round until one finds nothing more to do (answers 0), `maxRounds` are done or the
 * run's time is spent; the sum of the answers. One round is always made, so that no duty starves
 * behind another that has much to do.
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
 * Whether the work on one row was done; what it throws is logged. One bad row doesn't hold up the
 * others, now or at the next run. A store that is down does, and is thrown on.
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

/** Rows whose small writes go at once. */
const ROWS_AT_ONCE = 10;

/** A run that meets more bad rows than this gives up: they would fill every page. */
const MAX_FAILED = 200;

/** A duty that looks after rows one by one. */
export type RowDuty<Row> = {
  readonly rowsPerRound: number;
  readonly maxRounds: number;
  readonly isSpent: IsSpent;
  /** The rows that are due, at most about so many. One that was worked on isn't due any more. */
  readonly due: (limit: number) => Promise<readonly Row[]>;
  /** Looks after one row; whether there was anything to do, and nobody was faster. */
  readonly work: (row: Row) => Promise<boolean>;
  /** What is left to do for all rows of a round together. */
  readonly afterRound?: () => Promise<void>;
};

/** What a run came to; `failed` could not be looked after, and stay due. */
export type RowReport = { readonly done: number; readonly failed: number };

/**
 * Looks after all rows that are due, round by round and some at once, each apart from the others:
 * those that fail are passed over in the rounds that follow, and tried again by the next run. Throws
 * `StoreUnavailableError`.
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
