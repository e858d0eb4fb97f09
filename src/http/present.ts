import type { Context } from "hono";
import type { Page } from "../ports/resource-store.ts";
import { encodeCursor } from "../engine/paging.ts";
import { showRows } from "../engine/show-rows.ts";
import type { AppEnv } from "./app-env.ts";

/** A page as every list answers it. */
export function presentPage<Row, Wire>(
  c: Context<AppEnv>,
  page: Page<Row>,
  present: (row: Row) => Wire,
) {
  return {
    ...showRows(c.get("services").runtime, page.rows, present),
    pagination: { next_cursor: encodeCursor(page.next) },
  };
}
