import {
  type CreateCollectionRequest,
  DEFAULT_EMBEDDER,
  type Embedder,
} from "../../contract/collection.ts";
import type { CollectionRecord } from "./collection-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { nameTaken } from "../../engine/errors.ts";
import { createCollectionStore } from "./create-collection-store.ts";

/** How long the vectors of each embedder are. */
const DIMENSIONS: Record<Embedder, number> = { "hashed-ngram-256": 256 };

/** Creates a collection. Throws `name_taken`. */
export async function createCollection({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: CreateCollectionRequest;
}): Promise<CollectionRecord> {
  const now = ctx.runtime.now();
  const embedder = input.embedder ?? DEFAULT_EMBEDDER;
  const collection: CollectionRecord = {
    _id: ctx.runtime.newId("collection"),
    namespace_id: ctx.namespace._id,
    name: input.name,
    status: "ACTIVE",
    embedder,
    schema: { embedding: { dimensions: DIMENSIONS[embedder] } },
    metadata: input.metadata ?? {},
    created_at: now,
    updated_at: now,
  };
  const outcome = await createCollectionStore(ctx.database).insert(collection);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw nameTaken("collection", input.name);
  }
  return collection;
}
