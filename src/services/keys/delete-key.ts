import type { CallerContext } from "../context.ts";
import { getKey } from "./get-key.ts";

/** Revokes a key. Throws `forbidden` and `not_found`. */
export async function deleteKey({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: { readonly key: string };
}): Promise<void> {
  const key = await getKey({ ctx, input });
  await ctx.stores.keys.remove(key._id);
}
