import type { Page } from "../ports/resource-store.ts";
import { encodeCursor } from "../engine/paging.ts";

/** A page as every list answers it. */
export function presentPage<Row, Wire>(page: Page<Row>, present: (row: Row) => Wire) {
  return {
    results: page.rows.map((row) => present(row)),
    pagination: { next_cursor: encodeCursor(page.next) },
  };
}
