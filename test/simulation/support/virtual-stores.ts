import { Query as Matcher } from "mingo";
import { update as applyUpdate } from "mingo/updater";
import type { EngineStores } from "../../../src/engine/context.ts";
import type { Queue } from "../../../src/ports/queue.ts";
import { createDeliveryStore } from "../../../src/stores/mongo/deliveries.ts";
import { createEventStore } from "../../../src/stores/mongo/events.ts";
import type { BulkUpdate, Doc, Database, Query } from "../../../src/ports/database.ts";
import { createTaskTypeStore } from "../../../src/stores/mongo/task-types.ts";
import { createTaskStore } from "../../../src/stores/mongo/tasks.ts";
import { createEndpointStore } from "../../../src/stores/mongo/webhooks.ts";
import type { MemoryGateway } from "../../webhooks/memory-gateway.ts";

/** The real stores over a gateway, as far as jobs and kills need them; no cache, and nobody watches. */
export function storesOver(gateway: Database, queue: Queue): EngineStores {
  const stores: Partial<EngineStores> = {
    taskCache: {
      get: () => Promise.resolve(null),
      watch: () => Promise.resolve(null),
      watchNamespace: () => Promise.resolve(),
      isNamespaceWatched: () => Promise.resolve(false),
      put: () => Promise.resolve([]),
    },
    webhooks: createEndpointStore(gateway),
    deliveries: createDeliveryStore(gateway),
    events: createEventStore(gateway),
    tasks: createTaskStore(gateway, () => crypto.randomUUID()),
    taskTypes: createTaskTypeStore(gateway),
    queue,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- anything else fails loudly as undefined
  return stores as EngineStores;
}

/**
 * The same gateway, whose bulk updates find their rows by id, in a tenth of the time, and insert
 * what they don't find, as documents and the runs of clusters are written.
 */
export function withUpserts(memory: MemoryGateway): MemoryGateway {
  return {
    ...memory,
    bulkUpdate: async (collection, updates: readonly BulkUpdate[]) => {
      if (!UPSERTED.has(collection)) return memory.bulkUpdate(collection, updates);
      const rows = new Map(memory.rows(collection).map((row) => [row._id, row]));
      const inserts: Doc[] = [];
      let matched = 0;
      for (const { filter, update, upsert } of updates) {
        const id = String(filter["_id"]);
        const row = rows.get(id);
        if (row !== undefined && new Matcher({ ...filter }).test(row)) {
          change(row, update);
          matched += 1;
        } else if (row === undefined && upsert) {
          inserts.push({
            _id: id,
            ...objectOf(update["$set"]),
            ...objectOf(update["$setOnInsert"]),
          });
        }
      }
      await memory.insertMany(collection, inserts);
      return matched + inserts.length;
    },
  };
}

const UPSERTED: ReadonlySet<string> = new Set(["documents", "cluster_models"]);

/** The updater knows no `$setOnInsert`, and takes vectors apart. */
function change(row: Doc, update: Query): void {
  const set = structuredClone(objectOf(update["$set"]));
  const fields = Object.entries(set).filter(([path]) => !path.includes("."));
  Object.assign(row, Object.fromEntries(fields));
  const nested = Object.entries(set).filter(([path]) => path.includes("."));
  if (nested.length > 0) applyUpdate(row, { $set: Object.fromEntries(nested) });
  const unset = objectOf(update["$unset"]);
  if (Object.keys(unset).length > 0) applyUpdate(row, { $unset: { ...unset } });
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
