import { COPIED_KINDS, type CopiedKind } from "../../src/content/migration/copied-kinds.ts";
import { SlotTakenError } from "../../src/ports/errors.ts";
import type {
  CopiedRow,
  CopyStore,
  MigrationRecord,
  RowPage,
} from "../../src/content/migration/migration-store.ts";
import type { NamespaceRecord } from "../../src/ports/namespace-store.ts";
import { targetIdOf } from "../../src/content/migration/id-map.ts";
import { documentId } from "../../src/content/batch/job/document-id.ts";
import { world as batchWorld } from "./batch-world.ts";
import { newId, NOW } from "./job-parts.ts";
import type { StepOutcome } from "../../src/engine/jobs/define-loop.ts";
import type { MigrationContext } from "../../src/content/migration/job/copy-steps.ts";
import { MigrationState } from "../../src/content/migration/job/migration-state.ts";
import { runMigration } from "../../src/content/migration/job/run-migration.ts";

// For unit tests of migrations: a database in memory, and a runner of one job.

export const SOURCE = newId("namespace");
export const MIGRATION = newId("migration");
export const TARGET = targetIdOf(MIGRATION);
const INPUT = { migration_id: MIGRATION };

/** The fields that a unique index of the kind has besides `_id`. */
const UNIQUE: Readonly<Record<string, readonly string[]>> = {
  buckets: ["namespace_id", "name"],
  objects: ["bucket_id", "key"],
};

export type World = {
  /** By kind and id. */
  readonly rows: Readonly<Record<string, Map<string, CopiedRow>>>;
  readonly namespaces: Map<string, NamespaceRecord>;
  /** What the job asked of the database, as `write buckets`. */
  readonly calls: string[];
  /** Called before each call, and again when it was carried out; what it throws is the database's. */
  watch: (call: string, phase: "before" | "after") => void;
  /** Rows that a page has at the most, as if 8 MiB were reached. */
  pageLimit: number;
  now: Date;
  readonly ctx: MigrationContext;
};

/** A {@link World} with an empty source. */
export function makeWorld(): World {
  const ofKinds = COPIED_KINDS.map((kind) => [kind.name, new Map<string, CopiedRow>()] as const);
  const { ctx } = batchWorld([]);
  const resource: MigrationRecord = {
    _id: MIGRATION,
    namespace_id: SOURCE,
    name: "target",
    status: "PROCESSING",
    metadata: {},
    copied: null,
    task_id: "tsk",
    task_version: 1,
    error_message: null,
    created_at: NOW,
    updated_at: NOW,
  };
  const made: World = {
    rows: Object.fromEntries(ofKinds),
    namespaces: new Map([[SOURCE, { ...resource, _id: SOURCE, name: "source", status: "ACTIVE" }]]),
    calls: [],
    watch: () => {},
    pageLimit: 500,
    now: NOW,
    ctx: {
      ...ctx,
      namespaceId: SOURCE,
      input: INPUT,
      resource,
      runtime: { ...ctx.runtime, now: () => made.now },
      stores: {
        migrations: {
          update: () => called("update migrations", () => true),
        },
        namespaces: {
          find: (idOrName) =>
            called("find namespaces", () => {
              const all = [...made.namespaces.values()];
              return all.find(({ _id, name }) => [_id, name].includes(idOrName)) ?? null;
            }),
          insert: (row) =>
            called("insert namespaces", () => {
              const names = [...made.namespaces.values()].map(({ name }) => name);
              if (names.includes(row.name)) return { kind: "duplicate", fields: ["name"] };
              made.namespaces.set(row._id, row);
              return { kind: "inserted" };
            }),
          activate: (id) =>
            called("activate namespaces", () => {
              const row = made.namespaces.get(id);
              if (row !== undefined) made.namespaces.set(id, { ...row, status: "ACTIVE" });
              return row !== undefined;
            }),
        },
        copies: copiesOf(),
      },
    },
  };

  function called<Value>(call: string, carryOut: () => Value): Promise<Value> {
    made.calls.push(call);
    try {
      made.watch(call, "before");
      const value = carryOut();
      made.watch(call, "after");
      return Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function copiesOf(): CopyStore {
    return {
      count: (kind, id) => called(`count ${kind.name}`, () => inOrder(made, kind, id).length),
      page: (kind, id, after, limit) =>
        called(`page ${kind.name}`, () => pageOf(made, beyond(made, kind, id, after), limit)),
      outline: (kind, id, after, limit) =>
        called(`outline ${kind.name}`, () =>
          beyond(made, kind, id, after)
            .slice(0, limit)
            .map(({ _id, updated_at }) =>
              updated_at instanceof Date ? { _id, updated_at } : { _id },
            ),
        ),
      pick: (kind, id, ids) =>
        called(`pick ${kind.name}`, () =>
          pageOf(
            made,
            inOrder(made, kind, id).filter(({ _id }) => ids.includes(_id)),
            ids.length,
          ),
        ),
      existing: (kind, id, ids) =>
        called(`existing ${kind.name}`, () => {
          const present = new Set(inOrder(made, kind, id).map((row) => row._id));
          return new Set(ids.filter((one) => present.has(one)));
        }),
      write: (kind, rows) =>
        called(`write ${kind.name}`, () => {
          let changed = 0;
          let isRefused = false;
          for (const row of rows) {
            const present = mapOf(made, kind.name).get(row._id);
            if (isTaken(kind, row)) isRefused = true;
            else if (JSON.stringify(present) !== JSON.stringify(row)) {
              changed += 1;
              mapOf(made, kind.name).set(row._id, row);
            }
          }
          if (isRefused) throw new SlotTakenError("a unique index");
          return changed;
        }),
      remove: (kind, _id, ids) =>
        called(`remove ${kind.name}`, () => {
          for (const id of ids) mapOf(made, kind.name).delete(id);
        }),
      removeAll: () => Promise.reject(new Error("a job has no need of this")),
    };
  }

  function isTaken(kind: CopiedKind, row: CopiedRow): boolean {
    const unique = UNIQUE[kind.name];
    if (unique === undefined) return false;
    return [...mapOf(made, kind.name).values()].some(
      (other) => other._id !== row._id && unique.every((field) => other[field] === row[field]),
    );
  }
  return made;
}

function inOrder(made: World, kind: CopiedKind, namespaceId: string): readonly CopiedRow[] {
  return [...mapOf(made, kind.name).values()]
    .filter((row) => row["namespace_id"] === namespaceId && isCopied(kind, row))
    .toSorted((one, other) => (one._id < other._id ? -1 : 1));
}

/** Whether a row is of those that a kind copies. */
export function isCopied({ only }: CopiedKind, row: CopiedRow): boolean {
  return Object.entries(only).every(([field, value]) => row[field] === value);
}

function beyond(made: World, kind: CopiedKind, namespaceId: string, after: string | null) {
  return inOrder(made, kind, namespaceId).filter(({ _id }) => _id > (after ?? ""));
}

function pageOf(made: World, all: readonly CopiedRow[], limit: number): RowPage {
  const rows = all.slice(0, Math.min(limit, made.pageLimit));
  return { rows, isLast: rows.length === all.length };
}

function mapOf({ rows }: World, kind: string): Map<string, CopiedRow> {
  const map = rows[kind];
  if (map === undefined) throw new Error(`no rows of ${kind}`);
  return map;
}

/** Puts a row into the source, dated by the world's clock. */
export function put(world: World, kind: string, row: CopiedRow): CopiedRow {
  const whole = { created_at: world.now, updated_at: world.now, ...row, namespace_id: SOURCE };
  mapOf(world, kind).set(whole._id, whole);
  return whole;
}

/** Takes a row away. */
export function drop(world: World, kind: string, id: string): void {
  mapOf(world, kind).delete(id);
}

/** A bucket with so many objects, and a collection with a labelled and clustered document of each. */
export async function fill(world: World, objects: number): Promise<void> {
  const bucket = put(world, "buckets", { _id: newId("bucket"), name: `b${world.calls.length}` });
  const collection = put(world, "collections", { _id: newId("collection"), name: "c" });
  const taxonomy = put(world, "taxonomies", {
    _id: newId("taxonomy"),
    name: "t",
    status: "COMPLETED",
    task_id: newId("task"),
    task_version: 3,
    error_message: null,
    collection_id: collection._id,
  });
  const result = { _id: newId("task"), kind: "model", phase: "done", centroids: [0, 0.5] };
  const cluster = put(world, "clusters", {
    _id: newId("cluster"),
    name: "k",
    status: "PROCESSING",
    task_id: newId("task"),
    task_version: 3,
    error_message: null,
    collection_ids: [collection._id],
    result_task_id: result._id,
  });
  const ofRun = { cluster_id: cluster._id, task_id: result._id, kept_runs: [] };
  put(world, "cluster_models", { ...result, ...ofRun, nearest: [], cursor: null });
  for (let index = 0; index < objects; index += 1) {
    const _id = newId("object");
    put(world, "objects", { _id, key: _id, bucket_id: bucket._id, content: { text: `${index}` } });
    put(world, "documents", {
      _id: await documentId(collection._id, _id, 0),
      collection_id: collection._id,
      object_id: _id,
      chunk_index: 0,
      embedding: new Float32Array([index, 0.5]),
      enrichments: {
        taxonomies: { [taxonomy._id]: { node_id: "a" } },
        clusters: { [cluster._id]: { [result._id]: { cluster_index: 0, distance: index } } },
      },
    });
  }
}

/** The rows of a namespace, by kind. */
export function rowsOf(world: World, namespaceId: string): Record<string, readonly CopiedRow[]> {
  return Object.fromEntries(
    Object.entries(world.rows).map(([kind, rows]) => [
      kind,
      [...rows.values()]
        .filter((row) => row["namespace_id"] === namespaceId)
        .toSorted((one, other) => (one._id < other._id ? -1 : 1)),
    ]),
  );
}

/** Runs to the end as the runner would: what a step throws is tried again from the last checkpoint. */
export async function run(
  world: World,
  {
    times = 1,
    afterStep = () => {},
  }: { times?: number; afterStep?: (state: MigrationState) => void } = {},
): Promise<StepOutcome<MigrationState>> {
  let outcome = await runMigration.start(INPUT, world.ctx);
  for (let step = 0; outcome.kind === "next"; step += 1) {
    if (step > 2000) throw new Error("the job doesn't end");
    const state = MigrationState.parse(JSON.parse(JSON.stringify(outcome.state)));
    for (let time = 0; time < times; time += 1) {
      outcome = await runMigration.advance(state, world.ctx).catch((error: unknown) => {
        if (error instanceof Crash) return { ...outcome };
        throw error;
      });
    }
    if (outcome.kind === "next") afterStep(outcome.state);
  }
  return outcome;
}

/** Thrown by a test's `watch`: the database was lost. */
export class Crash extends Error {}
