import type { UnshownRow } from "../contract/common.ts";
import type { Runtime } from "../ports/runtime.ts";

/** Rows as callers see them, and those that can't be shown. */
export type ShownRows<Wire> = {
  readonly results: Wire[];
  /** Absent when there are none. */
  readonly unshown?: UnshownRow[];
};

/**
 * Shows each row by itself: one that can't be shown (it was stored by other code, or damaged) is
 * listed as far as it can be, and logged. The others don't suffer.
 */
export function showRows<Row, Wire>(
  { log }: Pick<Runtime, "log">,
  rows: readonly Row[],
  present: (row: Row) => Wire,
): ShownRows<Wire> {
  const results: Wire[] = [];
  const unshown: UnshownRow[] = [];
  for (const row of rows) {
    try {
      const wire = present(row);
      // What nests too deep fails here, and not where the whole answer is written.
      JSON.stringify(wire);
      results.push(wire);
    } catch (error) {
      const rest = whatCanBeShown(row);
      log("error", "a row can't be shown", { id: rest.id, error: String(error) });
      unshown.push(rest);
    }
  }
  return { results, ...(unshown.length > 0 && { unshown }) };
}

function whatCanBeShown(row: unknown): UnshownRow {
  const fields: Record<string, unknown> = typeof row === "object" ? { ...row } : {};
  return {
    id: textOf(fields["_id"]),
    name: textOf(fields["name"]),
    status: textOf(fields["status"]),
    created_at: timeOf(fields["created_at"]),
    updated_at: timeOf(fields["updated_at"]),
    note: "The row is damaged, or was stored by other code. Report its id.",
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function timeOf(value: unknown): string | null {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
}
