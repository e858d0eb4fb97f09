import type {
  EventTypeHead,
  EventTypeRecord,
  EventTypeStore,
} from "../../ports/event-type-store.ts";
import { among } from "../../database/filters.ts";
import type { Database, Query } from "../../ports/database.ts";

const COLLECTION = "event_types";

const WITHOUT_PAST = { past: 0 } as const;

/** The deployer's event types; unique by the index `{ namespace_id, name }`. Each method is one command. */
export function createEventTypeStore(database: Database): EventTypeStore {
  return {
    insert: (record) => database.insertOne(COLLECTION, record),
    find: (namespaceId, type) =>
      database.findOne<EventTypeHead>(
        COLLECTION,
        { namespace_id: namespaceId, name: type },
        { projection: WITHOUT_PAST },
      ),
    findWhole: (namespaceId, type) =>
      database.findOne<EventTypeRecord>(COLLECTION, { namespace_id: namespaceId, name: type }),
    list: (namespaceId, { names, status }, after, limit) =>
      database.find<EventTypeHead>(
        COLLECTION,
        {
          namespace_id: namespaceId,
          ...(status !== undefined && { status }),
          $and: [among("name", names), after === null ? {} : { name: { $gt: after } }],
        },
        { sort: { name: 1 }, limit, projection: WITHOUT_PAST },
      ),
    change: async ({ _id, revision }, patch, past) =>
      (await database.updateOne(
        COLLECTION,
        { _id, revision },
        {
          $set: { ...patch, revision: revision + 1 },
          ...(past !== null && { $push: { past } }),
        },
      )) > 0,
    hasMatch: async (namespaceId, pattern, scope) =>
      (await database.findOne(
        COLLECTION,
        {
          namespace_id: namespaceId,
          ...named(pattern),
          ...(scope === "active" && { status: "ACTIVE" }),
        },
        { projection: { _id: 1 } },
      )) !== null,
  };
}

/** `orders.*` is the range from `orders.` to `orders/`, the next character. */
function named(pattern: string): Query {
  if (pattern === "*") return {};
  if (!pattern.endsWith(".*")) return { name: pattern };
  const stem = pattern.slice(0, -2);
  return { name: { $gte: `${stem}.`, $lt: `${stem}/` } };
}
