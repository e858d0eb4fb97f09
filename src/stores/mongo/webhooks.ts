import type { WebhookRecord, WebhookStore } from "../../ports/webhook-store.ts";
import { beginningWith, resourceQuery } from "./filters.ts";
import type { MongoGateway, Query } from "./gateway.ts";
import { findPage } from "./keyset.ts";
import { moveFanOuts, settleOutboxes } from "./outboxes.ts";

const COLLECTION = "webhooks";

/** The webhook endpoints, in the collection `webhooks`. Every method is one command but `settleEvents`, which may be three. */
export function createWebhookStore(gateway: MongoGateway): WebhookStore {
  const findOne = (filter: Query) => gateway.findOne<WebhookRecord>(COLLECTION, filter);
  return {
    insert: (webhook) => gateway.insertOne(COLLECTION, webhook),
    find: (namespaceId, webhookId) => findOne({ _id: webhookId, namespace_id: namespaceId }),
    findMany: (namespaceId, webhookIds) =>
      gateway.find<WebhookRecord>(COLLECTION, {
        _id: { $in: webhookIds },
        namespace_id: namespaceId,
      }),
    findByIdempotencySlot: (namespaceId, slot) =>
      findOne({ namespace_id: namespaceId, idempotency_slot: slot }),
    get: (webhookId) => findOne({ _id: webhookId }),
    list: (namespaceId, filter, page) =>
      findPage<WebhookRecord>(
        gateway,
        COLLECTION,
        { namespace_id: namespaceId, ...resourceQuery(filter) },
        page,
      ),
    update: (namespaceId, webhookId, patch, ifSecrets) =>
      gateway.findOneAndUpdate<WebhookRecord>(
        COLLECTION,
        {
          _id: webhookId,
          namespace_id: namespaceId,
          ...(ifSecrets !== undefined && { secrets_write_id: ifSecrets }),
        },
        { $set: patch },
      ),
    remove: async (namespaceId, webhookId) =>
      (await gateway.deleteMany(COLLECTION, { _id: webhookId, namespace_id: namespaceId })) > 0,
    anyActive: async (namespaceId) =>
      (await gateway.findOne(
        COLLECTION,
        { namespace_id: namespaceId, status: "ACTIVE" },
        { projection: { _id: 1 } },
      )) !== null,
    activeAfter: (namespaceId, afterId, limit) =>
      gateway.find<WebhookRecord>(
        COLLECTION,
        {
          namespace_id: namespaceId,
          status: "ACTIVE",
          ...(afterId !== null && { _id: { $gt: afterId } }),
        },
        { sort: { _id: 1 }, limit },
      ),
    noteFailure: async (webhookId, at) => {
      await gateway.updateOne(
        COLLECTION,
        { _id: webhookId, failing_since: null },
        { $set: { failing_since: at } },
      );
    },
    noteSuccess: async (webhookId) => {
      await gateway.updateOne(COLLECTION, { _id: webhookId }, { $set: { failing_since: null } });
    },
    suspend: async (webhook, reason, event, at) =>
      (await gateway.updateOne(
        COLLECTION,
        // The sequence settles the race of two failing deliveries, and of a resume in between.
        { _id: webhook._id, status: "ACTIVE", sequence: webhook.sequence },
        {
          $set: {
            status: "SUSPENDED",
            status_reason: reason,
            suspended_by: "failure",
            sequence: event.sequence,
            outbox_at: webhook.outbox_at ?? at,
            updated_at: at,
          },
          $push: { pending_events: event },
        },
      )) > 0,
    sealedWith: (prefix, afterId, limit) =>
      gateway.find<WebhookRecord>(
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
      await gateway.updateOne(
        COLLECTION,
        {
          _id: webhook._id,
          secrets_write_id: webhook.secrets_write_id,
          sealed_headers: webhook.sealed_headers,
        },
        { $set: sealed },
      );
    },
    settleEvents: (webhookId, eventIds) =>
      settleOutboxes(gateway, COLLECTION, [{ ownerId: webhookId, eventIds }]),
    moveFanOuts: (moves) => moveFanOuts(gateway, COLLECTION, moves),
    dueForDispatch: (before, limit) =>
      gateway.find<WebhookRecord>(
        COLLECTION,
        { outbox_at: { $lt: before } },
        { sort: { outbox_at: 1 }, limit },
      ),
  };
}
