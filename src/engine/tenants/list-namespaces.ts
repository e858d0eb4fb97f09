import type { ResourceListRequest } from "../../contract/common.ts";
import type { NamespaceRecord } from "../../ports/namespace-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { CallerContext } from "../context.ts";
import { pageOptions, resourceFilter } from "../paging.ts";
import { visibleNamespaces } from "./visible.ts";

/** One page of the namespaces that the caller may see. Throws `invalid_cursor`. */
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
