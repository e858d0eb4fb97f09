import type { CallerContext } from "../context.ts";
import { getKey } from "./read-keys.ts";

/**
 * Revokes a key: at once in this isolate, in others within a minute, when their cache expires.
 * Throws `forbidden` and `not_found`.
 */
export async function deleteKey({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: { readonly key: string };
}): Promise<void> {
  const key = await getKey({ ctx, input });
  await ctx.stores.keys.remove(key._id);
  const { principals } = ctx.memory;
  const remembered = Array.from(principals.entries());
  for (const [secret, principal] of remembered) {
    if (principal.kind === "key" && principal.keyId === key._id) principals.delete(secret);
  }
}
