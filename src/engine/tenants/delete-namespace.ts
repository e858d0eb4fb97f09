import { UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { PageOptions } from "../../ports/resource-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { deleteUnverified } from "./delete-unverified.ts";
import { getNamespace } from "./get-namespace.ts";
import { requireAdmin } from "./visible.ts";

/** The page of a list that is only asked whether it has a row. */
const FIRST_ROW: PageOptions = { direction: "ascending", limit: 1, after: null };

/**
 * Deletes a namespace that holds nothing which works or waits, or the target of a migration that was
 * never verified, whatever it holds. Throws `forbidden`, `not_found`, and
 * `not_empty` with what is in the way. What is made in it at the very same moment is not deleted
 * with it, but can't be reached any more; another isolate may go on with the deleted namespace for
 * the minute that it remembers it. Its ended tasks and events stay until they are purged.
 */
export async function deleteNamespace({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: { readonly namespace: string };
}): Promise<void> {
  requireAdmin(ctx.principal);
  const namespace = await getNamespace({ ctx, input });
  if (namespace.status !== "ACTIVE") return deleteUnverified(ctx, namespace);
  if (await ctx.stores.namespaces.isInUse(namespace._id)) {
    const found = await contentsOf(ctx, namespace._id);
    throw new DomainError(
      "not_empty",
      `The namespace "${namespace.name}" holds ${found.join(", ") || "resources"}. ` +
        "Delete these, and let its tasks end, first.",
    );
  }
  await ctx.stores.namespaces.remove(namespace._id);
  // Who makes a namespace of the same name next must not work in the deleted one.
  ctx.memory.namespaces.delete(namespace._id);
  ctx.memory.namespaces.delete(namespace.name);
}

/** What is in the way of a deletion, in words; read only once something is known to be. */
async function contentsOf(ctx: CallerContext, namespaceId: string): Promise<string[]> {
  const { buckets, collections, clusters, taxonomies, migrations, schedules, webhooks, tasks } =
    ctx.stores;
  const pages = await Promise.all([
    buckets.list(namespaceId, {}, FIRST_ROW),
    collections.list(namespaceId, {}, FIRST_ROW),
    clusters.list(namespaceId, {}, FIRST_ROW),
    taxonomies.list(namespaceId, {}, FIRST_ROW),
    migrations.list(namespaceId, {}, FIRST_ROW),
    schedules.list(namespaceId, {}, FIRST_ROW),
    webhooks.list(namespaceId, {}, FIRST_ROW),
    tasks.list({ namespaceIds: [namespaceId], statuses: UNFINISHED_STATUSES }, FIRST_ROW),
  ]);
  const words = [
    "buckets",
    "collections",
    "clusters",
    "taxonomies",
    "migrations",
    "schedules",
    "webhooks",
    "tasks that have not ended",
  ];
  return words.filter((_, index) => (pages[index]?.rows.length ?? 0) > 0);
}
