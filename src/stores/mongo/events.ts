import type { EventRecord, EventStore } from "../../ports/delivery-store.ts";
import type { Doc, MongoGateway } from "./gateway.ts";

const COLLECTION = "events";

const MAX_EVENTS_OF_TASK = 1000;

/** The log of events, in the collection `events`. */
export function createEventStore(gateway: MongoGateway): EventStore {
  return {
    insertMany: async (events) => {
      // A duplicate _id is the same event, logged by the dispatch before.
      if (events.length > 0) await gateway.insertMany(COLLECTION, events);
    },
    get: (eventId) => gateway.findOne<EventRecord>(COLLECTION, { _id: eventId }),
    ofTask: (namespaceId, taskId) =>
      gateway.find<EventRecord>(
        COLLECTION,
        { namespace_id: namespaceId, task_id: taskId },
        { sort: { sequence: 1 }, limit: MAX_EVENTS_OF_TASK },
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
