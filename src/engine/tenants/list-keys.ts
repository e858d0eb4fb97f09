import type { KeyListRequest } from "../../contract/key.ts";
import type { KeyRecord } from "../../ports/key-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { CallerContext } from "../context.ts";
import { requireAdmin } from "./visible.ts";
import { pageOptions } from "../paging.ts";

/** One page of the deployment's keys. Throws `forbidden` and `invalid_cursor`. */
export async function listKeys({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: KeyListRequest;
}): Promise<Page<KeyRecord>> {
  requireAdmin(ctx.principal);
  return ctx.stores.keys.list(pageOptions(input));
}
