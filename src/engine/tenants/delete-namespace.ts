import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { getNamespace } from "./read-namespaces.ts";
import { requireAdmin } from "../principal.ts";

/**
 * Deletes a namespace that holds nothing active, or the target of a migration that was never
 * verified, whatever it holds. Throws `forbidden`, `not_found`, and `not_empty` with what is in the
 * way. Rows created in it at the same moment are not deleted, but are no longer reachable; another
 * isolate may use the deleted namespace for up to a minute, until its cache expires. Its ended
 * tasks and events stay until they are purged.
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
  if (namespace.status !== "ACTIVE") {
    // The namespace is deleted last, so after a crash it can be deleted again.
    for (const { removeUnverified } of ctx.contents) await removeUnverified?.({ ctx, namespace });
    await ctx.stores.namespaces.remove(namespace._id);
    return;
  }
  const ofApps = ctx.contents.flatMap(({ collections }) => collections);
  const found = await ctx.stores.namespaces.contents(namespace._id, ofApps);
  if (found.length > 0) {
    throw new DomainError(
      "not_empty",
      `The namespace "${namespace.name}" holds ${found.join(", ")}. ` +
        "Delete these, and let its tasks end, first.",
    );
  }
  await ctx.stores.namespaces.remove(namespace._id);
  // The next namespace of the same name must not resolve to the deleted one.
  ctx.memory.namespaces.delete(namespace._id);
  ctx.memory.namespaces.delete(namespace.name);
}
