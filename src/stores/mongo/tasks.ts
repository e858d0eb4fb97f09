import {
  MAX_HISTORY_LINES,
  type TaskFilter,
  type TaskRecord,
  type TaskStore,
} from "../../ports/task-store.ts";
import { among, createdWithin, metadataTerms } from "../../database/filters.ts";
import type { Database, Query } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";
import { moveFanOuts, clearOutboxes } from "./outboxes.ts";

const TASKS = "tasks";

/** The fields that a list omits: they may be large, and lists don't need them. */
const SUMMARY = {
  history: 0,
  repeated_rejections: 0,
  checkpoint: 0,
  pending_events: 0,
  job_input: 0,
  metadata_terms: 0,
} as const;

/**
 * Tasks in MongoDB, one document each, events and history inside it, so that every change is one
 * atomic write of one document. `newWriteId` marks each conditional write: when its response is
 * lost and the retry finds the task changed, the mark tells whether the write itself changed it.
 */
export function createTaskStore(database: Database, newWriteId: () => string): TaskStore {
  return {
    insert: (task) => database.insertOne(TASKS, storedTask(task)),

    find: (namespaceId, taskId) =>
      database.findOne<TaskRecord>(TASKS, { _id: taskId, namespace_id: namespaceId }),

    findByIdempotencySlot: (namespaceId, slot) =>
      database.findOne<TaskRecord>(TASKS, { namespace_id: namespaceId, idempotency_slot: slot }),

    findBySingletonSlot: (namespaceId, slot) =>
      database.findOne<TaskRecord>(TASKS, { namespace_id: namespaceId, singleton_slot: slot }),

    markSlotAwaited: async (namespaceId, slot) =>
      (await database.updateOne(
        TASKS,
        { namespace_id: namespaceId, singleton_slot: slot },
        { $set: { is_awaited: true } },
      )) > 0,

    nextInLine: (namespaceId, field, key, now) =>
      database.findOne<TaskRecord>(
        TASKS,
        {
          namespace_id: namespaceId,
          [field]: key,
          status: "PENDING",
          attempt: 0,
          $or: [{ not_before: null }, { not_before: { $lte: now } }],
        },
        { sort: { created_at: 1 } },
      ),

    get: (taskId) => database.findOne<TaskRecord>(TASKS, { _id: taskId }),

    pendingEventsBefore: async (taskId, sequence) => {
      const task = await database.findOne<Pick<TaskRecord, "_id" | "pending_events">>(
        TASKS,
        { _id: taskId },
        { projection: { pending_events: 1 } },
      );
      return task?.pending_events.filter((event) => event.sequence < sequence) ?? [];
    },

    list: (filter, page) => findPage<TaskRecord>(database, TASKS, taskQuery(filter), page, SUMMARY),

    change: async ({ expected, patch, events, history }) => {
      const writeId = newWriteId();
      const changed = await database.findOneAndUpdate<TaskRecord>(
        TASKS,
        {
          _id: expected._id,
          version: expected.version,
          status: expected.status,
          lease_token: expected.lease_token,
        },
        {
          $set: { ...patch, version: expected.version + 1, write_id: writeId },
          // An empty $push is an error.
          ...((events.length > 0 || history.length > 0) && {
            $push: {
              ...(events.length > 0 && { pending_events: { $each: events } }),
              ...(history.length > 0 && { history: { $each: history } }),
            },
          }),
        },
      );
      return (
        changed ?? database.findOne<TaskRecord>(TASKS, { _id: expected._id, write_id: writeId })
      );
    },

    heartbeat: ({ taskId, leaseToken, leaseExpiresAt, progress, checkpoint, at }) =>
      database.findOneAndUpdate<TaskRecord>(
        TASKS,
        { _id: taskId, lease_token: leaseToken, status: "PROCESSING" },
        {
          $set: { lease_expires_at: leaseExpiresAt, progress, checkpoint, updated_at: at },
          $inc: { version: 1 },
        },
      ),

    recordRejection: async (taskId, entry) => {
      const { kind, actor, attempt, reason } = entry;
      const isNew = await database.updateOne(
        TASKS,
        {
          _id: taskId,
          history: { $not: { $elemMatch: { kind, actor, attempt, reason } } },
          [`history.${MAX_HISTORY_LINES - 1}`]: { $exists: false },
        },
        { $push: { history: entry } },
      );
      if (isNew > 0) return;
      await database.updateOne(
        TASKS,
        { _id: taskId },
        {
          $inc: { "repeated_rejections.count": 1 },
          $set: { "repeated_rejections.last": entry },
        },
      );
    },

    clearOutboxes: (outboxes) => clearOutboxes(database, TASKS, outboxes),

    moveFanOuts: (moves) => moveFanOuts(database, TASKS, moves),

    dueForRelay: (now, limit) =>
      database.find<TaskRecord>(
        TASKS,
        { status: "PENDING", relay_at: { $lte: now } },
        { sort: { relay_at: 1 }, limit },
      ),

    postponeRelays: async (postponed) => {
      await database.bulkUpdate(
        TASKS,
        postponed.map(({ taskId, version, relayAt }) => ({
          filter: { _id: taskId, status: "PENDING", version },
          update: { $set: { relay_at: relayAt } },
          upsert: false,
        })),
      );
    },

    dueForReaping: (now, limit) =>
      database.find<TaskRecord>(
        TASKS,
        { status: "PROCESSING", lease_expires_at: { $lte: now } },
        { sort: { lease_expires_at: 1 }, limit },
      ),

    dueAsSilent: (status, now, limit) =>
      database.find<TaskRecord>(
        TASKS,
        { status, lease_expires_at: { $lte: now } },
        { sort: { lease_expires_at: 1 }, limit },
      ),

    dueForDispatch: async (before, limit) => {
      const { rows } = await database.findWithin<TaskRecord>(
        TASKS,
        { outbox_at: { $lte: before } },
        { sort: { outbox_at: 1 }, limit },
      );
      return rows;
    },

    purge: async (completedBefore, limit) => {
      const old = await database.find<TaskRecord>(
        TASKS,
        { completed_at: { $lt: completedBefore }, outbox_at: null },
        { sort: { completed_at: 1 }, limit, projection: { _id: 1 } },
      );
      const ids = old.map((task) => task._id);
      if (ids.length > 0) await database.deleteMany(TASKS, { _id: { $in: ids } });
      return ids;
    },
  };
}

function taskQuery(filter: TaskFilter): Query {
  return {
    ...(filter.namespaceIds !== null && among("namespace_id", filter.namespaceIds)),
    ...among("task_type", filter.taskTypes),
    ...among("status", filter.statuses),
    ...among("tags", filter.tags),
    ...among("parent_task_id", filter.parentTaskIds),
    ...among("resource_id", filter.resourceIds),
    ...withTerms(filter.metadata),
    ...createdWithin(filter.createdFrom, filter.createdBefore),
  };
}

/** A task with what its index over metadata needs. */
function storedTask(task: TaskRecord): TaskRecord & { readonly metadata_terms: readonly string[] } {
  return { ...task, metadata_terms: metadataTerms(task.metadata) };
}

/**
 * Tasks that have every metadata field given; an index over terms finds them, whatever the fields
 * are called. Each term is an equality of its own, so that the index gives their order too.
 */
function withTerms(metadata: TaskFilter["metadata"]): Query {
  const [first, ...others] = metadataTerms(metadata ?? {}).map((term) => ({
    metadata_terms: term,
  }));
  return { ...first, ...(others.length > 0 && { $and: others }) };
}
