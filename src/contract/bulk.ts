import { z } from "zod";

/** How many rows one call of a verb over a filter works on at the most. */
export const MAX_BULK_ROWS = 100;

/**
 * What every verb over a filter takes besides the filter: a call works on one page, oldest first,
 * and `cursor` goes on with the next; a dry run changes nothing and answers what would be done.
 */
export const BulkOptions = {
  dry_run: z.boolean().optional(),
  limit: z.int().min(1).max(MAX_BULK_ROWS).optional(),
  cursor: z.string().max(512).optional(),
} as const;

/** A refinement: a verb over everything must be asked for by some filter. */
export function withSomeFilter(filters: object) {
  const names = Object.keys(filters);
  return [
    (request: object) => names.some((name) => name in request),
    { error: `expected at least one filter: ${names.join(", ")}` },
  ] as const;
}
