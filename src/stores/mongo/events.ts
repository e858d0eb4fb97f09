import { EVENTS_AT_ONCE, type EventRecord, type EventStore } from "../../ports/delivery-store.ts";
import { createdWithin } from "./filters.ts";
import type { Doc, MongoGateway } from "./gateway.ts";
import { findPage } from "./keyset.ts";

const COLLECTION = "events";

/** The log of events, in the collection `events`. */
export function createEventStore(gateway: MongoGateway): EventStore {
  return {
    insertMany: async (events) => {
      // A duplicate _id is the same event, logged by the dispatch before.
      if (events.length > 0) await gateway.insertMany(COLLECTION, events);
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
