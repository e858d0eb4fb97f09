import type {
  AttemptOutcome,
  DeliveryFilter,
  DeliveryRecord,
  DeliveryRowRecord,
  DeliveryState,
  DeliveryStore,
  DeliverySummaryRecord,
  OrderedDelivery,
  SeenDelivery,
} from "../../ports/delivery-store.ts";
import { eventTerms, responseCodes } from "./delivery-terms.ts";
import { among, createdWithin } from "../../database/filters.ts";
import type { Doc, Database, Query } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "deliveries";

/** What only filters read. */
const WITHOUT_TERMS = { event_terms: 0, response_codes: 0 } as const;

const WITHOUT_LOG = { ...WITHOUT_TERMS, attempts: 0 } as const;

const ENDED: readonly DeliveryState[] = ["DELIVERED", "DEAD", "SKIPPED"];

/** What holds back a later event of the same task at an endpoint that wants order. */
const UNSETTLED = { $in: ["PENDING", "DEAD"] } as const;

/** The maximum length of the log of attempts, which duplicate messages could make longer. */
const LOG_LIMIT = 64;

/** The deliveries and their attempts, in the collection `deliveries`. */
export function createDeliveryStore(database: Database): DeliveryStore {
  return {
    insertMany: async (deliveries) => {
      // A duplicate `_id` is the same delivery, created by an earlier dispatch; its attempts stay.
      if (deliveries.length === 0) return;
      await database.insertMany(
        COLLECTION,
        deliveries.map((delivery) => ({
          ...delivery,
          event_terms: eventTerms(delivery.event_type),
          response_codes: [],
        })),
      );
    },
    get: (deliveryId) =>
      database.findOne<DeliveryRecord>(
        COLLECTION,
        { _id: deliveryId },
        { projection: WITHOUT_TERMS },
      ),
    getMany: (deliveryIds) =>
      database.find<DeliverySummaryRecord>(
        COLLECTION,
        { _id: { $in: deliveryIds } },
        { projection: WITHOUT_LOG },
      ),
    list: (namespaceId, filter, page, withLog = false) =>
      findPage<DeliveryRowRecord>(
        database,
        COLLECTION,
        deliveryQuery(namespaceId, filter),
        page,
        withLog ? WITHOUT_TERMS : WITHOUT_LOG,
      ),
    recordAttempt: (outcome) => recordAttempt(database, outcome),
    reopenMany: async (deliveries, { key, relayAt, at }) => {
      await database.bulkUpdate(
        COLLECTION,
        deliveries.map(({ _id, attempt_count }) => ({
          filter: { _id, state: { $in: ENDED }, attempt_count, resend_key: { $ne: key } },
          update: {
            $set: {
              state: "PENDING",
              hold: null,
              error_message: null,
              schedule_from: attempt_count,
              resend_key: key,
              next_attempt_at: at,
              relay_at: relayAt,
              updated_at: at,
            },
          },
          upsert: false,
        })),
      );
    },
    markDead: async (deliveryId, reason, at) => {
      await database.updateOne(
        COLLECTION,
        { _id: deliveryId, state: "PENDING" },
        { $set: ended("DEAD", reason, null, at) },
      );
    },
    markManyDead: async (deliveryIds, reason, at) => {
      if (deliveryIds.length === 0) return;
      await database.updateMany(
        COLLECTION,
        { _id: { $in: deliveryIds }, state: "PENDING" },
        { $set: ended("DEAD", reason, null, at) },
      );
    },
    skip: async (deliveryId, reason, relayAt, at) =>
      (await database.updateOne(
        COLLECTION,
        { _id: deliveryId, state: UNSETTLED },
        { $set: ended("SKIPPED", reason, relayAt, at) },
      )) > 0,
    hold: async (delivery, hold, relayAt) => {
      await database.updateOne(COLLECTION, untouched(delivery), {
        $set: { hold, relay_at: relayAt },
      });
    },
    release: async (deliveries, now, relayAfterMs) => {
      if (deliveries.length === 0) return;
      await database.bulkUpdate(
        COLLECTION,
        deliveries.map((delivery) => {
          const dueMs = Math.max(now.getTime(), delivery.next_attempt_at?.getTime() ?? 0);
          const due = {
            hold: null,
            next_attempt_at: new Date(dueMs),
            relay_at: new Date(dueMs + relayAfterMs),
          };
          return { filter: untouched(delivery), update: { $set: due }, upsert: false };
        }),
      );
    },
    heldFor: (webhookId, holds, limit) =>
      database.find<DeliverySummaryRecord>(
        COLLECTION,
        { webhook_id: webhookId, hold: { $in: holds }, state: "PENDING" },
        { sort: { created_at: 1, _id: 1 }, limit, projection: WITHOUT_LOG },
      ),
    hasSucceeded: async (webhookId, since, madeSince) =>
      (await database.findOne(
        COLLECTION,
        {
          webhook_id: webhookId,
          created_at: { $gte: madeSince },
          state: "DELIVERED",
          updated_at: { $gte: since },
        },
        { projection: { _id: 1 } },
      )) !== null,
    existing: async (deliveryIds) =>
      (
        await database.find<Doc>(
          COLLECTION,
          { _id: { $in: deliveryIds } },
          { projection: { _id: 1 } },
        )
      ).map(({ _id }) => _id),
    hasUnsettledBefore: async (delivery) =>
      (await database.findOne(
        COLLECTION,
        {
          ...ofTask(delivery),
          // Those of 0 are of no task's sequence.
          sequence: { $gt: 0, $lt: delivery.sequence },
          state: UNSETTLED,
        },
        { projection: { _id: 1 } },
      )) !== null,
    nextUnsettled: (delivery) =>
      database.findOne<DeliverySummaryRecord>(
        COLLECTION,
        { ...ofTask(delivery), sequence: { $gt: delivery.sequence }, state: UNSETTLED },
        { sort: { sequence: 1 }, projection: WITHOUT_LOG },
      ),
    forgetRelay: async (deliveryId) => {
      await database.updateOne(
        COLLECTION,
        { _id: deliveryId, state: { $in: ["DELIVERED", "SKIPPED"] } },
        { $set: { relay_at: null } },
      );
    },
    dueForRelay: (now, limit) =>
      database.find<DeliverySummaryRecord>(
        COLLECTION,
        { relay_at: { $lte: now } },
        { sort: { relay_at: 1 }, limit, projection: WITHOUT_LOG },
      ),
    postponeRelays: async (deliveries, changeOf) => {
      if (deliveries.length === 0) return;
      await database.bulkUpdate(
        COLLECTION,
        deliveries.map((delivery) => ({
          filter: { _id: delivery._id, state: "PENDING", relay_at: delivery.relay_at },
          update: { $set: changeOf(delivery) },
          upsert: false,
        })),
      );
    },
    purge: async (before, limit) => {
      const old = await database.find<Doc>(
        COLLECTION,
        { created_at: { $lt: before }, state: { $in: ENDED } },
        { sort: { created_at: 1 }, limit, projection: { _id: 1 } },
      );
      if (old.length === 0) return 0;
      return database.deleteMany(COLLECTION, {
        _id: { $in: old.map((delivery) => delivery._id) },
        // One that was reopened since it was read is pending again.
        state: { $in: ENDED },
      });
    },
  };
}

/** What a delivery that has ended has in common. */
function ended(
  state: "DEAD" | "SKIPPED",
  reason: string,
  relayAt: Date | null,
  at: Date,
): Partial<DeliveryRecord> {
  return {
    state,
    hold: null,
    error_message: reason,
    next_attempt_at: null,
    relay_at: relayAt,
    updated_at: at,
  };
}

/** A PENDING delivery without a recorded attempt or other change since it was read. */
function untouched({ _id, attempt_count, relay_at }: SeenDelivery): Query {
  return { _id, state: "PENDING", attempt_count, relay_at };
}

/** The deliveries of one task to one endpoint. */
function ofTask({ webhook_id, task_id }: OrderedDelivery): Query {
  return { webhook_id, task_id };
}

function deliveryQuery(namespaceId: string, filter: DeliveryFilter): Query {
  return {
    namespace_id: namespaceId,
    ...among("webhook_id", filter.webhookIds),
    ...among("event_id", filter.eventIds),
    ...(filter.eventTypes?.includes("*") !== true && among("event_terms", filter.eventTypes)),
    ...among("task_id", filter.taskIds),
    ...among("state", filter.states),
    ...among("response_codes", filter.responseCodes),
    ...(filter.withTests === false && { is_test: false }),
    ...createdWithin(filter.createdFrom, filter.createdBefore),
  };
}

/**
 * One conditional write when the attempt is the next: of two copies of one message, the first one
 * recorded counts. When nothing matched, this write may already have been applied and its response
 * lost, which its nonce shows; otherwise the attempt is logged once, beside the one that counts.
 */
async function recordAttempt(database: Database, outcome: AttemptOutcome): Promise<boolean> {
  const { attempt } = outcome;
  const logged = {
    $push: { attempts: attempt },
    $addToSet: { response_codes: { $each: responseCodes(attempt.response_status) } },
  };
  const recorded = await database.updateOne(
    COLLECTION,
    { _id: outcome.deliveryId, state: "PENDING", attempt_count: attempt.attempt - 1 },
    {
      $set: {
        state: outcome.state,
        hold: null,
        error_message: outcome.errorMessage,
        attempt_count: attempt.attempt,
        next_attempt_at: outcome.nextAttemptAt,
        relay_at: outcome.relayAt,
        updated_at: outcome.at,
      },
      ...logged,
    },
  );
  if (recorded > 0) return true;

  const stored = await database.findOne<DeliveryRecord>(
    COLLECTION,
    { _id: outcome.deliveryId },
    { projection: { attempts: 1 } },
  );
  if (stored?.attempts.some((known) => known.write_id === attempt.write_id)) return true;
  await database.updateOne(
    COLLECTION,
    {
      _id: outcome.deliveryId,
      "attempts.write_id": { $ne: attempt.write_id },
      [`attempts.${LOG_LIMIT - 1}`]: { $exists: false },
    },
    logged,
  );
  return false;
}
