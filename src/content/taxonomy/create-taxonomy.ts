import type { CreateTaxonomyRequest } from "../../contract/taxonomy.ts";
import type { TaxonomyRecord } from "./taxonomy-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { nameTaken } from "../../engine/errors.ts";
import { createTaxonomyStore } from "./create-taxonomy-store.ts";

/** Creates a taxonomy, a DRAFT until it is materialised. Throws `name_taken`. */
export async function createTaxonomy({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: CreateTaxonomyRequest;
}): Promise<TaxonomyRecord> {
  const now = ctx.runtime.now();
  const taxonomy: TaxonomyRecord = {
    _id: ctx.runtime.newId("taxonomy"),
    namespace_id: ctx.namespace._id,
    name: input.name,
    status: "DRAFT",
    metadata: input.metadata ?? {},
    nodes: input.nodes.map(({ node_id, parent_id, label, description, examples }) => ({
      node_id,
      parent_id: parent_id ?? null,
      label,
      description: description ?? null,
      examples: examples ?? [],
    })),
    threshold: input.threshold,
    collection_id: null,
    task_id: null,
    task_version: 0,
    error_message: null,
    created_at: now,
    updated_at: now,
  };
  const outcome = await createTaxonomyStore(ctx.database).insert(taxonomy);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw nameTaken("taxonomy", input.name);
  }
  return taxonomy;
}
