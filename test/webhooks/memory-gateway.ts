import { Query as MingoQuery } from "mingo";
import { update as applyUpdate } from "mingo/updater";
import type { InsertOutcome } from "../../src/ports/resource-store.ts";
import { INDEXES } from "../support/registry.ts";
import type {
  BulkUpdate,
  Doc,
  FindOptions,
  Database,
  Query,
  BoundedRead,
} from "../../src/ports/database.ts";

/** A gateway in memory that runs the stores' real filters and updates, and counts its operations. */
export type MemoryGateway = Database & {
  readonly operations: string[];
  readonly rows: (collection: string) => readonly Doc[];
};

/** An empty {@link MemoryGateway}. Unique indexes refuse inserts, but not updates. */
export function createMemoryGateway(): MemoryGateway {
  const collections = new Map<string, Map<string, Doc>>();
  const operations: string[] = [];
  const rowsOf = (name: string) => {
    const rows = collections.get(name) ?? new Map<string, Doc>();
    collections.set(name, rows);
    return rows;
  };
  const uniques = new Map<string, readonly Unique[]>();
  const uniqueOf = (collection: string) => {
    const known = uniques.get(collection) ?? uniquesOf(collection);
    uniques.set(collection, known);
    return known;
  };
  /** Who has which key now; whoever had it before is asked again when somebody else wants it. */
  const note = (collection: string, rows: readonly Doc[]) => {
    for (const { fields, holders } of uniqueOf(collection)) {
      for (const row of rows) holders.set(keyOf(row, fields), row._id);
    }
  };
  const apply = (collection: string, rows: readonly Doc[], update: Query) => {
    for (const row of rows) applyUpdate(row, structuredClone(update));
    note(collection, rows);
    return rows.length;
  };
  const matching = (collection: string, filter: Query) => {
    const query = new MingoQuery(structuredClone(filter));
    const rows = rowsOf(collection);
    return named(rows, filter["_id"]).filter((row) => query.test(row));
  };
  const insert = (collection: string, document: Doc): InsertOutcome => {
    const rows = rowsOf(collection);
    if (rows.has(document._id)) return { kind: "duplicate", fields: ["_id"] };
    for (const { fields, holders } of uniqueOf(collection)) {
      const key = keyOf(document, fields);
      const holder = rows.get(holders.get(key) ?? "");
      if (holder !== undefined && keyOf(holder, fields) === key) {
        return { kind: "duplicate", fields };
      }
    }
    rows.set(document._id, structuredClone(document));
    note(collection, [document]);
    return { kind: "inserted" };
  };
  const found = <Row extends Doc>(collection: string, filter: Query, options: FindOptions = {}) => {
    const projection: Record<string, unknown> = { ...options.projection };
    const cursor = new MingoQuery({}).find<Row>(matching(collection, filter), projection as object);
    if (options.sort) cursor.sort({ ...options.sort });
    return structuredClone(cursor.all().slice(0, options.limit));
  };
  const counted = <Result>(
    name: string,
    collection: string,
    work: () => Result,
  ): Promise<Result> => {
    operations.push(`${name} ${collection}`);
    return Promise.resolve(work());
  };
  return {
    operations,
    rows: (collection) => [...rowsOf(collection).values()],
    findOne: <Row extends Doc>(collection: string, filter: Query, options?: FindOptions) =>
      counted("findOne", collection, () => found<Row>(collection, filter, options)[0] ?? null),
    find: <Row extends Doc>(collection: string, filter: Query, options?: FindOptions) =>
      counted("find", collection, () => found<Row>(collection, filter, options)),
    findWithin: async <Row extends Doc>(
      collection: string,
      filter: Query,
      options: FindOptions,
    ): Promise<BoundedRead<Row>> => {
      const rows = await counted("find", collection, () => found<Row>(collection, filter, options));
      return { rows, isCut: false };
    },
    insertOne: (collection, document) =>
      counted("insertOne", collection, () => insert(collection, document)),
    insertMany: (collection, documents) =>
      counted("insertMany", collection, () =>
        documents.map((document) => insert(collection, document)),
      ),
    insertInOrder: (collection, documents) =>
      counted("insertInOrder", collection, () => {
        const refused = documents.findIndex(
          (document) => insert(collection, document).kind !== "inserted",
        );
        return refused < 0 ? documents.length : refused;
      }),
    updateOne: (collection, filter, update) =>
      counted("updateOne", collection, () =>
        apply(collection, matching(collection, filter).slice(0, 1), update),
      ),
    updateMany: (collection, filter, update) =>
      counted("updateMany", collection, () =>
        apply(collection, matching(collection, filter), update),
      ),
    bulkUpdate: (collection, updates: readonly BulkUpdate[]) =>
      counted("bulkUpdate", collection, () =>
        updates.reduce(
          (sum, one) =>
            sum + apply(collection, matching(collection, one.filter).slice(0, 1), one.update),
          0,
        ),
      ),
    findOneAndUpdate: <Row extends Doc>(collection: string, filter: Query, update: Query) =>
      counted("findOneAndUpdate", collection, () => {
        const [row] = matching(collection, filter);
        if (row === undefined) return null;
        apply(collection, [row], update);
        return found<Row>(collection, { _id: row._id })[0] ?? null;
      }),
    deleteMany: (collection, filter) =>
      counted("deleteMany", collection, () => {
        const rows = matching(collection, filter);
        for (const row of rows) rowsOf(collection).delete(row._id);
        return rows.length;
      }),
    count: (collection, filter) =>
      counted("count", collection, () => matching(collection, filter).length),
    ping: () => Promise.resolve(),
  };
}

/** What a condition on `_id` leaves: thousands of updates by id needn't each test all rows. */
function named(rows: ReadonlyMap<string, Doc>, id: unknown): readonly Doc[] {
  if (typeof id === "string") {
    const row = rows.get(id);
    return row === undefined ? [] : [row];
  }
  const list: unknown = typeof id === "object" && id !== null && "$in" in id ? id.$in : null;
  if (!Array.isArray(list)) return [...rows.values()];
  const ids = new Set<unknown>(list);
  return [...rows.values()].filter((row) => ids.has(row._id));
}

/** A unique index: its fields, and whose each key was last. */
type Unique = { readonly fields: readonly string[]; readonly holders: Map<string, string> };

function uniquesOf(collection: string): readonly Unique[] {
  return INDEXES.filter((one) => one.collection === collection && one.unique).map(({ key }) => ({
    fields: Object.keys(key),
    holders: new Map(),
  }));
}

function keyOf(row: Doc, fields: readonly string[]): string {
  return JSON.stringify(fields.map((field): unknown => Reflect.get(row, field) ?? null));
}
