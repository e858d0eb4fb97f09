import { z } from "zod";
import { MigrationId } from "../../../contract/ids.ts";
import { COPIED_KINDS } from "../copied-kinds.ts";
import type { NamespaceRecord } from "../../../ports/namespace-store.ts";
import {
  defineLoop,
  NonRetryableError,
  type StepOutcome,
} from "../../../engine/jobs/define-loop.ts";
import { createCopyStore } from "../create-copy-store.ts";
import { createMigrationStore } from "../create-migration-store.ts";
import { MIGRATIONS } from "../migration-kind.ts";
import {
  copyStep,
  lateStep,
  type MigrationContext,
  type MigrationStores,
  pruneStep,
  workOf,
} from "./copy-steps.ts";
import { targetIdOf } from "../id-map.ts";
import { initialState, MigrationState, progressOf } from "./migration-state.ts";
import { sumSourceStep, sumTargetStep } from "./verify-steps.ts";

type Outcome = StepOutcome<MigrationState>;

const KILL_REFUSAL =
  "The migration has begun to copy, and can't be killed any more. Once it has ended, its target can be deleted.";

/**
 * Copies everything of a namespace into a new one, verifies it, and puts the target in service.
 *
 * Every write is an upsert of whole rows under ids that follow from the source's, so that a step
 * that runs twice, a run that goes on where another one died, and two runners at once write the
 * same. A step is one read and one write of at most 500 rows or 8 MiB. There is no undo: a run that
 * failed leaves its target as it is, out of service, and the next one goes on with it.
 */
export const runMigration = defineLoop({
  type: "api_namespaces_migrations_run",
  input: z.object({ migration_id: MigrationId }),
  state: MigrationState,
  attempts: 5,
  resource: MIGRATIONS,
  stores: ({ database, stores }): MigrationStores => ({
    copies: createCopyStore(database),
    migrations: createMigrationStore(database),
    namespaces: stores.namespaces,
  }),
  start: (_input, ctx: MigrationContext): Promise<Outcome> =>
    Promise.resolve(next(initialState(ctx.runtime.now()))),
  advance,
  conclude: (state, ending, { resource }) => {
    // A run that was killed has not written anything.
    if (state.phase === "plan" || ending === "CANCELED") return { outputs: [], events: [] };
    const target_namespace_id = targetIdOf(resource._id);
    const { copied } = state;
    const isDone = ending === "COMPLETED";
    return {
      outputs: [{ target_namespace_id, copied, verified: isDone }],
      events: isDone
        ? [
            {
              type: "namespace.migration.completed",
              data: {
                migration_id: resource._id,
                target_namespace_id,
                target_name: resource.name,
                copied,
              },
            },
          ]
        : [],
    };
  },
});

async function advance(state: MigrationState, ctx: MigrationContext): Promise<Outcome> {
  switch (state.phase) {
    case "plan":
      return plan(state, ctx);
    case "target":
      return makeTarget(state, ctx);
    case "copy":
      return next(await copyStep(state, await workOf(state, ctx)));
    case "late":
      return next(await lateStep(state, await workOf(state, ctx)));
    case "prune":
      return next(await pruneStep(state, await workOf(state, ctx)));
    case "sum_source":
      return next(await sumSourceStep(state, await workOf(state, ctx)));
    case "sum_target": {
      const verdict = await sumTargetStep(state, await workOf(state, ctx));
      return verdict.kind === "fail" ? verdict : next(verdict.state);
    }
    case "activate":
      return activate(state, ctx);
    case "done":
      return done(state);
  }
}

/** Counts, and looks whether the name is free. It writes nothing: the last step that a kill may follow. */
async function plan(state: MigrationState, ctx: MigrationContext): Promise<Outcome> {
  const { copies, namespaces } = ctx.stores;
  const named = await namespaces.find(ctx.resource.name);
  if (named !== null && named._id !== targetIdOf(ctx.resource._id)) return nameTaken(state, ctx);
  const counts = await Promise.all(COPIED_KINDS.map((kind) => copies.count(kind, ctx.namespaceId)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return next({ ...state, total, phase: "target" });
}

/** Makes the target, a DRAFT that nobody can use; or goes on with the one of an earlier run. */
async function makeTarget(state: MigrationState, ctx: MigrationContext): Promise<Outcome> {
  const { namespaces } = ctx.stores;
  const { _id: migrationId, name } = ctx.resource;
  const source = await namespaces.find(ctx.namespaceId);
  if (source === null) {
    throw new NonRetryableError("source_gone", "The source namespace no longer exists.");
  }
  const now = ctx.runtime.now();
  const target: NamespaceRecord = {
    _id: targetIdOf(migrationId),
    name,
    status: "DRAFT",
    metadata: source.metadata,
    filled_by: { migration_id: migrationId, namespace_id: ctx.namespaceId },
    created_at: now,
    updated_at: now,
  };
  const begun: MigrationState = { ...state, phase: "copy", pass_started_at: now.getTime() };
  if ((await namespaces.insert(target)).kind === "inserted") return next(begun);
  const present = await namespaces.find(target._id);
  if (present === null) return nameTaken(state, ctx);
  // It was verified by a run that died before its task could say so.
  if (present.status === "ACTIVE") return done({ ...state, copied: { ...ctx.resource.copied } });
  return next(begun);
}

async function activate(state: MigrationState, ctx: MigrationContext): Promise<Outcome> {
  const { migrations, namespaces } = ctx.stores;
  const { _id } = ctx.resource;
  // First, so that a target in service has its counts; and a task that was overtaken ends here.
  if (!(await migrations.update(_id, ctx.taskId, { copied: state.copied }))) {
    throw new NonRetryableError("superseded", "Another task works for the migration.");
  }
  if (!(await namespaces.activate(targetIdOf(_id), ctx.runtime.now()))) {
    throw new NonRetryableError("target_gone", "The target namespace was deleted meanwhile.");
  }
  return done(state);
}

function nameTaken(state: MigrationState, ctx: MigrationContext): Outcome {
  return {
    kind: "fail",
    state,
    code: "target_name_taken",
    message: `There is another namespace named "${ctx.resource.name}" by now. Make a migration with another target_name.`,
    details: { target_name: ctx.resource.name },
  };
}

function next(state: MigrationState): Outcome {
  const isBegun = state.phase !== "plan";
  const progress = progressOf(state);
  return { kind: "next", state, progress, ...(isBegun && { killRefusal: KILL_REFUSAL }) };
}

function done(before: MigrationState): Outcome {
  const completed = Object.values(before.copied).reduce((sum, count) => sum + count, 0);
  const state: MigrationState = { ...before, phase: "done", completed, total: completed };
  return { kind: "done", state, progress: progressOf(state) };
}
