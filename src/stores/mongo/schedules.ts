import type { ScheduleRecord, ScheduleStore } from "../../ports/schedule-store.ts";
import { resourceQuery } from "../../database/filters.ts";
import type { Database } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "schedules";

/** Not one that is being deleted. */
const IN_SERVICE = { status: { $in: ["ACTIVE", "SUSPENDED"] } };

/** The schedules; names are unique by the index `{ namespace_id, name }`. */
export function createScheduleStore(database: Database, newWriteId: () => string): ScheduleStore {
  return {
    insert: (schedule) => database.insertOne(COLLECTION, schedule),
    find: (namespaceId, idOrName) =>
      database.findOne<ScheduleRecord>(COLLECTION, {
        namespace_id: namespaceId,
        $or: [{ _id: idOrName }, { name: idOrName }],
        ...IN_SERVICE,
      }),
    get: (scheduleId) => database.findOne<ScheduleRecord>(COLLECTION, { _id: scheduleId }),
    list: (namespaceId, filter, page) =>
      findPage<ScheduleRecord>(
        database,
        COLLECTION,
        { ...IN_SERVICE, namespace_id: namespaceId, ...resourceQuery(filter) },
        page,
      ),
    change: async (schedule, fields, now) => {
      const revision = schedule.revision + 1;
      const writeId = newWriteId();
      const changed = await database.findOneAndUpdate<ScheduleRecord>(
        COLLECTION,
        { _id: schedule._id, revision: schedule.revision },
        {
          $set: {
            ...fields,
            revision,
            write_id: writeId,
            updated_at: now,
            unsynced_at: now,
          },
        },
      );
      // The retry of a write whose response was lost finds it changed: by itself, if the mark is
      // its own.
      return (
        changed ??
        database.findOne<ScheduleRecord>(COLLECTION, { _id: schedule._id, write_id: writeId })
      );
    },
    markSynced: async ({ _id, revision }) =>
      (await database.updateOne(COLLECTION, { _id, revision }, { $set: { unsynced_at: null } })) >
      0,
    markOvertaken: async ({ _id, revision }, now) => {
      const newer = { _id, revision: { $gt: revision } };
      await database.updateOne(COLLECTION, newer, { $set: { unsynced_at: now } });
    },
    recordFiring: async (scheduleId, { at, taskId, error }) => {
      await database.updateOne(
        COLLECTION,
        { _id: scheduleId },
        {
          $set: {
            last_fired_at: at,
            last_error: error,
            ...(taskId !== null && { last_task_id: taskId }),
          },
        },
      );
    },
    dueForSync: (before, limit) =>
      database.find<ScheduleRecord>(
        COLLECTION,
        { unsynced_at: { $lte: before } },
        { sort: { unsynced_at: 1 }, limit },
      ),
    remove: async (scheduleId) => {
      await database.deleteMany(COLLECTION, { _id: scheduleId });
    },
  };
}
