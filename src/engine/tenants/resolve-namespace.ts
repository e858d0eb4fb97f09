import type { CallerContext, NamespaceContext } from "../context.ts";
import { getNamespace } from "./read-namespaces.ts";
import { visibleNamespaces } from "../principal.ts";
import { DomainError } from "../errors.ts";

/**
 * The namespace of a request, by id or name, cached for a minute in the isolate. Throws
 * `not_found`, whether it doesn't exist or the key can't access it, and `resource_in_use` for a
 * migration's target that is not verified yet.
 */
export async function resolveNamespace({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: { readonly idOrName: string };
}): Promise<NamespaceContext["namespace"]> {
  const remembered = ctx.memory.namespaces.get(input.idOrName);
  if (remembered === undefined) {
    const namespace = await getNamespace({ ctx, input: { namespace: input.idOrName } });
    const { _id, name, status } = namespace;
    // Not cached, so it can be used as soon as it is active.
    if (status !== "ACTIVE") {
      throw new DomainError(
        "resource_in_use",
        `The namespace "${name}" is the target of a migration that has not been completed. ` +
          "Wait until it is ACTIVE, or start the migration again.",
      );
    }
    ctx.memory.namespaces.set(_id, { _id, name });
    ctx.memory.namespaces.set(name, { _id, name });
    return { _id, name };
  }
  const visible = visibleNamespaces(ctx.principal);
  if (visible !== null && !visible.includes(remembered._id)) {
    throw new DomainError(
      "not_found",
      `There is no namespace "${input.idOrName}" that this key may see.`,
    );
  }
  return remembered;
}
