import type { TaxonomyRecord } from "./taxonomy-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createTaxonomyStore } from "./create-taxonomy-store.ts";

/** A taxonomy by its id or name. Throws `not_found`. */
export async function getTaxonomy({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taxonomy: string };
}): Promise<TaxonomyRecord> {
  const taxonomy = await createTaxonomyStore(ctx.database).find(ctx.namespace._id, input.taxonomy);
  if (taxonomy === null) throw notFound("taxonomy", input.taxonomy);
  return taxonomy;
}
