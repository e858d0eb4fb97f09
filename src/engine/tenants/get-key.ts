import type { KeyRecord } from "../../ports/key-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { requireAdmin } from "./visible.ts";

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
