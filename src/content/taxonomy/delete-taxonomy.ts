import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { getTaxonomy } from "./get-taxonomy.ts";
import { createTaxonomyStore } from "./create-taxonomy-store.ts";

/**
 * Deletes a taxonomy that no task works for. The labels that it put on documents stay. Throws
 * `not_found` and `resource_in_use`.
 */
export async function deleteTaxonomy({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taxonomy: string };
}): Promise<void> {
  const taxonomy = await getTaxonomy({ ctx, input });
  if (await createTaxonomyStore(ctx.database).removeAtRest(ctx.namespace._id, taxonomy._id)) return;
  // Deleted meanwhile: by another call, or by this one, whose response was lost.
  if ((await createTaxonomyStore(ctx.database).find(ctx.namespace._id, taxonomy._id)) === null)
    return;
  throw new DomainError(
    "resource_in_use",
    `The task "${taxonomy.task_id ?? "just made"}" works for it. Wait until it has ended, or kill it.`,
  );
}
