import type { KeyListRequest } from "../../contract/key.ts";
import type { KeyRecord } from "../../ports/key-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { CallerContext } from "../context.ts";
import { requireAdmin } from "../principal.ts";
import { pageOptions } from "../paging.ts";
import { DomainError } from "../errors.ts";

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

/** A key's record by its id. Throws `forbidden` and `not_found`. */
export async function getKey({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: { readonly key: string };
}): Promise<KeyRecord> {
  requireAdmin(ctx.principal);
  const key = await ctx.stores.keys.find(input.key);
  if (key === null) throw new DomainError("not_found", `There is no key "${input.key}".`);
  return key;
}
