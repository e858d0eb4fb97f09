import type { NamespaceRecord } from "../../ports/namespace-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { visibleNamespaces } from "../principal.ts";
import type { ResourceListRequest } from "../../contract/common.ts";
import type { Page } from "../../ports/resource-store.ts";
import { pageOptions, resourceFilter } from "../paging.ts";

/**
 * A namespace by its id or name. Throws `not_found`, whether it doesn't exist or the caller's key
 * can't access it.
 */
export async function getNamespace({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: { readonly namespace: string };
}): Promise<NamespaceRecord> {
  const namespace = await ctx.stores.namespaces.find(input.namespace);
  const visible = visibleNamespaces(ctx.principal);
  if (namespace === null || (visible !== null && !visible.includes(namespace._id))) {
    throw new DomainError(
      "not_found",
      `There is no namespace "${input.namespace}" that this key may see.`,
    );
  }
  return namespace;
}

/** One page of the namespaces that the caller can access. Throws `invalid_cursor`. */
export async function listNamespaces({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: ResourceListRequest;
}): Promise<Page<NamespaceRecord>> {
  return ctx.stores.namespaces.list(
    visibleNamespaces(ctx.principal),
    resourceFilter(input),
    pageOptions(input),
  );
}
