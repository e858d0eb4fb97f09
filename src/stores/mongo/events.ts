import {
  EVENTS_AT_ONCE,
  type EventRecord,
  type EventStore,
  type PublishedEventRecord,
} from "../../ports/delivery-store.ts";
import { createdWithin } from "./filters.ts";
import type { Doc, MongoGateway } from "./gateway.ts";
import { findPage } from "./keyset.ts";
import { moveFanOuts } from "./outboxes.ts";

const COLLECTION = "events";

/** The log of events, in the collection `events`. */
export function createEventStore(gateway: MongoGateway): EventStore {
  return {
    insertMany: async (events) => {
      // A duplicate _id is the same event, logged by the dispatch before.
      if (events.length > 0) await gateway.insertMany(COLLECTION, events.map(unplaced));
    },
    getMany: async (eventIds) => {
      if (eventIds.length === 0) return { events: [], isCut: false };
      const { rows, isCut } = await gateway.findWithin<EventRecord>(
        COLLECTION,
        { _id: { $in: eventIds } },
        { sort: { _id: 1 }, limit: eventIds.length },
      );
      return { events: rows, isCut };
    },
    get: (eventId) => gateway.findOne<EventRecord>(COLLECTION, { _id: eventId }),
    list: (namespaceId, { createdFrom, createdBefore }, page) =>
      findPage<EventRecord>(
        gateway,
        COLLECTION,
        { namespace_id: namespaceId, ...createdWithin(createdFrom, createdBefore) },
        page,
      ),
    ofTask: (namespaceId, taskId, after = 0) =>
      gateway.find<EventRecord>(
        COLLECTION,
        { namespace_id: namespaceId, task_id: taskId, sequence: { $gt: after } },
        { sort: { sequence: 1 }, limit: EVENTS_AT_ONCE },
      ),
    loggedFrom: (namespaceId, { at, id }) =>
      gateway.find<EventRecord>(
        COLLECTION,
        {
          namespace_id: namespaceId,
          ...(id === null
            ? { created_at: { $gte: at } }
            : { $or: [{ created_at: { $gt: at } }, { created_at: at, _id: { $gt: id } }] }),
        },
        { sort: { created_at: 1, _id: 1 }, limit: EVENTS_AT_ONCE },
      ),
    publish: (event) => gateway.insertOne(COLLECTION, unplaced(event)),
    getPublished: (eventId) =>
      gateway.findOne<PublishedEventRecord>(COLLECTION, {
        _id: eventId,
        request_hash: { $exists: true },
      }),
    settle: async (eventIds) => {
      const filter = { _id: { $in: eventIds } };
      await gateway.updateMany(COLLECTION, filter, {
        $set: { outbox_at: null, fan_out: null },
      });
    },
    moveFanOuts: (moves) => moveFanOuts(gateway, COLLECTION, moves),
    dueForDispatch: async (before, limit) =>
      gateway.find<PublishedEventRecord>(
        COLLECTION,
        // Those of tasks have no such field; those that were dispatched hold null.
        { outbox_at: { $lte: before } },
        { sort: { outbox_at: 1 }, limit },
      ),
    purge: async (before, limit) => {
      const old = await gateway.find<Doc>(
        COLLECTION,
        { created_at: { $lt: before } },
        { sort: { created_at: 1 }, limit, projection: { _id: 1 } },
      );
      if (old.length === 0) return 0;
      return gateway.deleteMany(COLLECTION, { _id: { $in: old.map((event) => event._id) } });
    },
  };
}

/** A new event, which has no position in its namespace's log yet (`event-log.ts`). */
function unplaced<Event extends EventRecord>(event: Event): Event & { unplaced_at: Date } {
  return { ...event, unplaced_at: event.created_at };
}
