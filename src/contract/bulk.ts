import { z } from "zod";
import { TaskStatusEnum } from "./status.ts";

/** The most rows that one bulk call works on. */
export const MAX_BULK_ROWS = 100;

/** The pattern that every type of event meets. */
const ANY_EVENT_TYPE = "*";

/**
 * What every bulk call takes besides the filter. A call works on one page, oldest first; `cursor`
 * continues with the next page. A dry run changes nothing and returns what would be done.
 */
export const BulkOptions = {
  dry_run: z.boolean().optional(),
  limit: z.int().min(1).max(MAX_BULK_ROWS).optional(),
  cursor: z.string().max(512).optional(),
} as const;

/** What a verb takes instead of a filter, to be done over everything. */
export const InsteadOfFilters = { all: z.literal(true).optional() } as const;

/**
 * A refinement: a verb over many rows is asked for by a filter that narrows them, or else by
 * `"all": true`, and not by both.
 */
export function withSomeFilter(filters: object) {
  const names = Object.keys(filters);
  return [
    (request: object) => {
      const given = Object.entries(request).filter(([name]) => names.includes(name));
      const isNarrowed = given.some(([, value]) => narrows(value));
      return isNarrowed !== ("all" in request && request.all === true);
    },
    {
      error: `expected either at least one filter that narrows (${names.join(", ")}) or "all": true`,
    },
  ] as const;
}

/** Whether a filter's value keeps any row out: what is empty doesn't, nor what names every value. */
function narrows(value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== "object" || value === null) return value !== ANY_EVENT_TYPE;
  const parts: unknown[] = Object.values(value).filter((part) => part !== undefined);
  if (!Array.isArray(value)) return parts.length > 0;
  const isEveryStatus = TaskStatusEnum.options.every((status) => parts.includes(status));
  return parts.length > 0 && !parts.includes(ANY_EVENT_TYPE) && !isEveryStatus;
}
