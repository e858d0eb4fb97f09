import { z } from "zod";
import { WrittenForm } from "../../contract/event-payload.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { growSchema, type Written } from "./grow-schema.ts";
import { presentSchema } from "./present-schema.ts";
import type { EventHandler, ServiceContext } from "../../engine/context.ts";
import { createSchemaStore } from "./create-schema-store.ts";

/** How many times a growth that lost a race tries again; after that the dispatch is repeated. */
const MAX_TRIES = 5;

/** What `collection.documents.written` says of the documents; absent in events of earlier versions. */
const DocumentsWritten = z.object({ collection_id: z.string(), ...WrittenForm });

/** Updates collections' schemas before anyone receives the events of the writes. */
export const SCHEMA_HANDLER: EventHandler = {
  name: "collection schemas",
  handle: (ctx, { tasks }) => growSchemas({ ctx, tasks }),
};

/**
 * Lets the schemas of collections grow by what tasks wrote to them: one read for each collection,
 * and one conditional write when anything is new. May run twice and in any order of events. Asks
 * for nothing when the events say that there is nothing to learn: no fields, and vectors as declared.
 */
export async function growSchemas({
  ctx,
  tasks,
}: {
  ctx: ServiceContext;
  tasks: readonly TaskRecord[];
}): Promise<void> {
  const byCollection = new Map<string, { namespaceId: string; writes: Written[] }>();
  for (const task of tasks) {
    for (const { collectionId, written } of writesOf(task)) {
      const known = byCollection.get(collectionId) ?? {
        namespaceId: task.namespace_id,
        writes: [],
      };
      known.writes.push(written);
      byCollection.set(collectionId, known);
    }
  }
  for (const [collectionId, { namespaceId, writes }] of byCollection) {
    await growOne(ctx, namespaceId, collectionId, writes);
  }
}

function writesOf(
  task: TaskRecord,
): readonly { readonly collectionId: string; readonly written: Written }[] {
  return task.pending_events.flatMap((event) => {
    if (event.type !== "collection.documents.written") return [];
    const { success, data } = DocumentsWritten.safeParse(event.data);
    if (!success) return [];
    const { embedding, fields, more_fields: moreFields, collection_id: collectionId } = data;
    const { embedder, dimensions, declared_dimensions } = embedding;
    if (fields.length === 0 && (dimensions ?? declared_dimensions) === declared_dimensions)
      return [];
    const { timestamp: at } = event;
    return [
      { collectionId, written: { at, taskId: task._id, embedder, dimensions, fields, moreFields } },
    ];
  });
}

async function growOne(
  ctx: ServiceContext,
  namespaceId: string,
  collectionId: string,
  writes: readonly Written[],
): Promise<void> {
  const schemas = createSchemaStore(ctx.database);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const collection = await schemas.read(namespaceId, collectionId);
    // Deleted since: nothing to update.
    if (collection === null) return;
    const schema = growSchema(collection, writes);
    if (schema === collection.schema) return;
    const { revision } = collection.schema;
    if (await schemas.grow(collectionId, revision, schema, ctx.runtime.now())) {
      const known = new Set(presentSchema(collection).conflicts.map(({ field }) => field));
      for (const conflict of presentSchema({ ...collection, schema }).conflicts) {
        if (known.has(conflict.field)) continue;
        const { field, types } = conflict;
        const fields = { collection_id: collectionId, field, types };
        ctx.runtime.log("warn", "a collection's schema has a conflict", fields);
      }
      return;
    }
  }
  throw new Error(`the schema of ${collectionId} is grown by too many at once`);
}
