import {
  EVENTS_AT_ONCE,
  type EventRecord,
  type EventStore,
  type PublishedEventRecord,
} from "../../ports/delivery-store.ts";
import { createdWithin } from "../../database/filters.ts";
import type { Doc, Database } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";
import { moveFanOuts } from "./outboxes.ts";

const COLLECTION = "events";

/** The log of events, in the collection `events`. */
export function createEventStore(database: Database): EventStore {
  return {
    insertMany: async (events) => {
      // A duplicate `_id` is the same event, logged by an earlier dispatch.
      if (events.length > 0) await database.insertMany(COLLECTION, events.map(unplaced));
    },
    getMany: async (eventIds) => {
      if (eventIds.length === 0) return { events: [], isCut: false };
      const { rows, isCut } = await database.findWithin<EventRecord>(
        COLLECTION,
        { _id: { $in: eventIds } },
        { sort: { _id: 1 }, limit: eventIds.length },
      );
      return { events: rows, isCut };
    },
    get: (eventId) => database.findOne<EventRecord>(COLLECTION, { _id: eventId }),
    list: (namespaceId, { createdFrom, createdBefore }, page) =>
      findPage<EventRecord>(
        database,
        COLLECTION,
        { namespace_id: namespaceId, ...createdWithin(createdFrom, createdBefore) },
        page,
      ),
    ofTask: (namespaceId, taskId, after = 0) =>
      database.find<EventRecord>(
        COLLECTION,
        { namespace_id: namespaceId, task_id: taskId, sequence: { $gt: after } },
        { sort: { sequence: 1 }, limit: EVENTS_AT_ONCE },
      ),
    loggedFrom: (namespaceId, { at, id }) =>
      database.find<EventRecord>(
        COLLECTION,
        {
          namespace_id: namespaceId,
          ...(id === null
            ? { created_at: { $gte: at } }
            : { $or: [{ created_at: { $gt: at } }, { created_at: at, _id: { $gt: id } }] }),
        },
        { sort: { created_at: 1, _id: 1 }, limit: EVENTS_AT_ONCE },
      ),
    publish: (event) => database.insertOne(COLLECTION, unplaced(event)),
    getPublished: (eventId) =>
      database.findOne<PublishedEventRecord>(COLLECTION, {
        _id: eventId,
        request_hash: { $exists: true },
      }),
    clearOutboxes: async (eventIds) => {
      const filter = { _id: { $in: eventIds } };
      await database.updateMany(COLLECTION, filter, {
        $set: { outbox_at: null, fan_out: null },
      });
    },
    moveFanOuts: (moves) => moveFanOuts(database, COLLECTION, moves),
    dueForDispatch: async (before, limit) =>
      database.find<PublishedEventRecord>(
        COLLECTION,
        // Tasks' events have no such field; dispatched ones hold null.
        { outbox_at: { $lte: before } },
        { sort: { outbox_at: 1 }, limit },
      ),
    purge: async (before, limit) => {
      const old = await database.find<Doc>(
        COLLECTION,
        { created_at: { $lt: before } },
        { sort: { created_at: 1 }, limit, projection: { _id: 1 } },
      );
      if (old.length === 0) return 0;
      return database.deleteMany(COLLECTION, { _id: { $in: old.map((event) => event._id) } });
    },
  };
}

/** A new event, which has no position in its namespace's log yet (`event-log.ts`). */
function unplaced<Event extends EventRecord>(event: Event): Event & { unplaced_at: Date } {
  return { ...event, unplaced_at: event.created_at };
}
