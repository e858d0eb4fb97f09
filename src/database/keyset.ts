import type { Keyset, Page, PageOptions } from "../ports/resource-store.ts";
import type { Doc, Database, Query } from "../ports/database.ts";

type Sorted = Doc & { readonly created_at: Date };

/**
 * One page of a list in order of `created_at` and `_id`, continued by keyset and not by offset:
 * page 1,000 costs what page 1 does, and rows that come or go between two pages neither repeat
 * nor hide another. One read, on an index that ends in `created_at, _id`. A page of large rows may
 * be shorter than asked for, and has a next one.
 */
export async function findPage<Row extends Sorted>(
  database: Database,
  collection: string,
  filter: Query,
  page: PageOptions,
  projection?: Readonly<Record<string, 0 | 1>>,
): Promise<Page<Row>> {
  const order = page.direction === "ascending" ? 1 : -1;
  const { rows, isCut } = await database.findWithin<Row>(
    collection,
    page.after === null ? filter : { $and: [filter, beyond(page.after, order)] },
    {
      sort: { created_at: order, _id: order },
      limit: page.limit + 1,
      ...(projection === undefined ? {} : { projection }),
    },
  );
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  const isMore = isCut || rows.length > page.limit;
  const next = isMore && last ? { at: last.created_at, id: last._id } : null;
  return { rows: shown, next };
}

function beyond(after: Keyset, order: 1 | -1): Query {
  const operator = order === 1 ? "$gt" : "$lt";
  const inclusive = order === 1 ? "$gte" : "$lte";
  // The first condition says nothing that the others don't, but lets the index start at the cursor.
  return {
    created_at: { [inclusive]: after.at },
    $or: [
      { created_at: { [operator]: after.at } },
      { created_at: after.at, _id: { [operator]: after.id } },
    ],
  };
}
