import type { ServiceContext } from "../context.ts";
import { tryRow } from "./try-row.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

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
