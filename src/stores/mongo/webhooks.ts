import {
  CLOSED_CIRCUIT,
  type ReachableEndpoint,
  type EndpointRecord,
  type EndpointStore,
} from "../../ports/endpoint-store.ts";
import { beginningWith, resourceQuery } from "../../database/filters.ts";
import type { Database, Query } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";
import { moveFanOuts, clearOutboxes } from "./outboxes.ts";

const COLLECTION = "webhooks";

/** The webhook endpoints, in the collection `webhooks`. Every method is one command unless the port says otherwise; `clearOutbox` may be three. */
export function createEndpointStore(database: Database): EndpointStore {
  const findOne = (filter: Query) => database.findOne<EndpointRecord>(COLLECTION, filter);
  return {
    insert: (webhook) => database.insertOne(COLLECTION, webhook),
    find: (namespaceId, webhookId) => findOne({ _id: webhookId, namespace_id: namespaceId }),
    findByIdempotencySlot: (namespaceId, slot) =>
      findOne({ namespace_id: namespaceId, idempotency_slot: slot }),
    get: (webhookId) => findOne({ _id: webhookId }),
    getMany: async (webhookIds) =>
      webhookIds.length === 0
        ? []
        : database.find<EndpointRecord>(COLLECTION, { _id: { $in: webhookIds } }),
    list: (namespaceId, filter, page) =>
      findPage<EndpointRecord>(
        database,
        COLLECTION,
        { namespace_id: namespaceId, ...resourceQuery(filter) },
        page,
      ),
    update: (namespaceId, webhookId, patch, ifSecrets) =>
      database.findOneAndUpdate<EndpointRecord>(
        COLLECTION,
        {
          _id: webhookId,
          namespace_id: namespaceId,
          ...(ifSecrets !== undefined && { secrets_write_id: ifSecrets }),
        },
        { $set: patch },
      ),
    remove: async (namespaceId, webhookId) =>
      (await database.deleteMany(COLLECTION, { _id: webhookId, namespace_id: namespaceId })) > 0,
    anyActive: async (namespaceId) =>
      (await database.findOne(
        COLLECTION,
        { namespace_id: namespaceId, status: "ACTIVE" },
        { projection: { _id: 1 } },
      )) !== null,
    receiversAfter: (namespaceId, afterId, limit, wanted) =>
      database.find<ReachableEndpoint>(
        COLLECTION,
        {
          namespace_id: namespaceId,
          url: { $ne: null },
          status: { $in: ["ACTIVE", "SUSPENDED"] },
          suspended_by: { $ne: "failure" },
          event_types: { $in: wanted.patterns },
          $and: [
            { $or: [{ task_types: { $size: 0 } }, { task_types: { $in: wanted.taskTypes } }] },
            { $or: [{ tags: { $size: 0 } }, { tags: { $in: wanted.tags } }] },
          ],
          ...(afterId !== null && { _id: { $gt: afterId } }),
        },
        { sort: { _id: 1 }, limit },
      ),
    noteFailure: async (webhookId, at, isFailing) => {
      const begin = () =>
        database.findOneAndUpdate<EndpointRecord>(
          COLLECTION,
          { _id: webhookId, failing_since: null },
          { $set: { failing_since: at, "circuit.consecutive_failures": 1 } },
        );
      const count = () =>
        database.findOneAndUpdate<EndpointRecord>(
          COLLECTION,
          { _id: webhookId, failing_since: { $ne: null } },
          { $inc: { "circuit.consecutive_failures": 1 } },
        );
      return isFailing ? ((await count()) ?? begin()) : ((await begin()) ?? count());
    },
    restartFailures: async (webhook, at) => {
      await database.updateOne(
        COLLECTION,
        { _id: webhook._id, failing_since: webhook.failing_since, "circuit.state": "closed" },
        { $set: { failing_since: at, "circuit.consecutive_failures": 1 } },
      );
    },
    noteSuccess: async (webhook, at) => {
      const well = { failing_since: null, circuit: CLOSED_CIRCUIT };
      const wasClosed =
        webhook.circuit.state === "closed" &&
        (await database.updateOne(
          COLLECTION,
          { _id: webhook._id, "circuit.state": "closed" },
          { $set: well },
        )) > 0;
      if (wasClosed) return;
      await database.updateOne(
        COLLECTION,
        { _id: webhook._id },
        { $set: { ...well, holds_due_at: at } },
      );
    },
    openCircuit: async (webhook, openUntil) =>
      (await database.updateOne(COLLECTION, sameCircuit(webhook), {
        $set: {
          "circuit.state": "open",
          "circuit.open_until": openUntil,
          "circuit.probe_delivery_id": null,
          "circuit.openings": webhook.circuit.openings + 1,
          holds_due_at: openUntil,
        },
      })) > 0,
    letProbe: async (webhook, deliveryId, lookAgainAt) =>
      (await database.updateOne(COLLECTION, sameCircuit(webhook), {
        $set: {
          "circuit.state": "half_open",
          "circuit.open_until": null,
          "circuit.probe_delivery_id": deliveryId,
          holds_due_at: lookAgainAt,
        },
      })) > 0,
    dueForHolds: (now, limit) =>
      database.find<EndpointRecord>(
        COLLECTION,
        { holds_due_at: { $lte: now } },
        { sort: { holds_due_at: 1 }, limit },
      ),
    setHoldsDue: async (webhook, at) => {
      await database.updateOne(
        COLLECTION,
        { _id: webhook._id, holds_due_at: webhook.holds_due_at },
        { $set: { holds_due_at: at } },
      );
    },
    suspend: async (webhook, reason, event, at) =>
      (await database.updateOne(
        COLLECTION,
        // The sequence settles the race of two failing deliveries, and of a resume in between.
        { _id: webhook._id, status: "ACTIVE", sequence: webhook.sequence },
        {
          $set: {
            status: "SUSPENDED",
            status_reason: reason,
            suspended_by: "failure",
            // Deliveries held for it become dead letters.
            holds_due_at: at,
            sequence: event.sequence,
            outbox_at: webhook.outbox_at ?? at,
            updated_at: at,
          },
          $push: { pending_events: event },
        },
      )) > 0,
    sealedWith: (prefix, afterId, limit) =>
      database.find<EndpointRecord>(
        COLLECTION,
        {
          $or: [
            { "secrets.sealed": beginningWith(prefix) },
            { sealed_headers: beginningWith(prefix) },
          ],
          ...(afterId !== null && { _id: { $gt: afterId } }),
        },
        { sort: { _id: 1 }, limit },
      ),
    reseal: async (webhook, sealed) => {
      await database.updateOne(
        COLLECTION,
        {
          _id: webhook._id,
          secrets_write_id: webhook.secrets_write_id,
          sealed_headers: webhook.sealed_headers,
        },
        { $set: sealed },
      );
    },
    clearOutbox: (webhookId, eventIds) =>
      clearOutboxes(database, COLLECTION, [{ ownerId: webhookId, eventIds }]),
    moveFanOuts: (moves) => moveFanOuts(database, COLLECTION, moves),
    dueForDispatch: (before, limit) =>
      database.find<EndpointRecord>(
        COLLECTION,
        { outbox_at: { $lt: before } },
        { sort: { outbox_at: 1 }, limit },
      ),
  };
}

/** An endpoint whose circuit is unchanged since it was read. */
function sameCircuit({ _id, circuit }: EndpointRecord): Query {
  return {
    _id,
    "circuit.state": circuit.state,
    "circuit.open_until": circuit.open_until,
    "circuit.probe_delivery_id": circuit.probe_delivery_id,
  };
}
