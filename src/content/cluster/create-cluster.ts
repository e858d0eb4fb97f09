import { type CreateClusterRequest, DEFAULT_SEED } from "../../contract/cluster.ts";
import type { ClusterRecord } from "./cluster-store.ts";
import type { CollectionRecord } from "../collections/collection-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError, nameTaken } from "../../engine/errors.ts";
import { createClusterStore } from "./create-cluster-store.ts";
import { createCollectionStore } from "../collections/create-collection-store.ts";

/**
 * Creates a cluster, a DRAFT until it is executed. Duplicate collections count once. Throws
 * `name_taken`, and `invalid_request` that names each collection that doesn't exist or whose
 * vectors can't be compared with the first one's.
 */
export async function createCluster({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: CreateClusterRequest;
}): Promise<ClusterRecord> {
  const collections = await collectionsOf(ctx, input.collection_ids);
  const now = ctx.runtime.now();
  const cluster: ClusterRecord = {
    _id: ctx.runtime.newId("cluster"),
    namespace_id: ctx.namespace._id,
    name: input.name,
    collection_ids: [...new Set(collections.map((collection) => collection._id))],
    k: input.k,
    seed: input.seed ?? DEFAULT_SEED,
    metadata: input.metadata ?? {},
    status: "DRAFT",
    task_id: null,
    task_version: 0,
    error_message: null,
    result_task_id: null,
    created_at: now,
    updated_at: now,
  };
  const outcome = await createClusterStore(ctx.database).insert(cluster);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw nameTaken("cluster", input.name);
  }
  return cluster;
}

async function collectionsOf(
  ctx: NamespaceContext,
  idsOrNames: readonly string[],
): Promise<readonly CollectionRecord[]> {
  const found = await Promise.all(
    idsOrNames.map((idOrName) =>
      createCollectionStore(ctx.database).find(ctx.namespace._id, idOrName),
    ),
  );
  const embedder = found.find((collection) => collection !== null)?.embedder;
  const wrong = found.flatMap((collection, index) => {
    const path = `collection_ids.${index}`;
    if (collection === null) {
      const message = `there is no collection "${idsOrNames[index]}" in this namespace`;
      return [{ path, message }];
    }
    if (collection.embedder === embedder) return [];
    return [{ path, message: `expected vectors of ${embedder}, found ${collection.embedder}` }];
  });
  const [first] = wrong;
  if (first !== undefined) {
    throw new DomainError("invalid_request", `${first.path}: ${first.message}`, wrong);
  }
  return found.filter((collection) => collection !== null);
}
