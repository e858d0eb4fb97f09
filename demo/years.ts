import { z } from "zod";
import type { CollectionDocument } from "../src/contract/document.ts";

/** From one year to another, both included. */
export type Years = { readonly from: number; readonly to: number };

const Dated = z.looseObject({ year: z.int() });

/**
 * The years of the middle half of these documents: a quarter is older, a quarter is newer. No job
 * looks at the year, so it tells whether what a job put together belongs together.
 */
export function middleHalf(documents: readonly CollectionDocument[]): Years {
  const years = documents
    .map(({ metadata }) => Dated.parse(metadata).year)
    .toSorted((a, b) => a - b);
  const at = (share: number) => years[Math.floor(share * (years.length - 1))] ?? 0;
  return { from: at(0.25), to: at(0.75) };
}

/** Columns that {@link inYears} takes. */
export const YEARS_WIDTH = "1830-1893".length;

/** For instance `1830-1893`. */
export function inYears({ from, to }: Years): string {
  return `${from}-${to}`;
}
