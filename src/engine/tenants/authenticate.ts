import type { ServiceContext } from "../context.ts";
import type { Principal } from "../principal.ts";
import { DomainError } from "../errors.ts";
import { IDENTITY_TTL_MS } from "../isolate-memory.ts";
import { hashKey } from "./key-form.ts";

/**
 * Resolves a key to its principal: the administrator's key from the deployment's secret, or an API
 * key. The isolate caches the result for a minute, so a poll costs no look-up. Throws
 * `unauthenticated`, the same for a key that is unknown, deleted or expired.
 */
export async function authenticate({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly authorization: string | undefined };
}): Promise<Principal> {
  const key = /^Bearer +(\S+)$/i.exec(input.authorization ?? "")?.[1];
  if (key === undefined) {
    throw new DomainError("unauthenticated", "Send a key: `Authorization: Bearer <key>`.");
  }
  const remembered = ctx.memory.principals.get(key);
  if (remembered !== undefined) return remembered;
  const known = await identify(ctx, key);
  if (known === null) throw new DomainError("unauthenticated", "The key is not known.");
  ctx.memory.principals.set(key, known.principal, { ttl: known.believedForMs });
  return known.principal;
}

type Known = { readonly principal: Principal; readonly believedForMs: number };

async function identify(ctx: ServiceContext, key: string): Promise<Known | null> {
  const hash = await hashKey(key);
  // Compares hashes, so the timing reveals nothing about the key.
  if (hash === (await hashKey(ctx.config.adminKey))) {
    return { principal: { kind: "admin" }, believedForMs: IDENTITY_TTL_MS };
  }
  const record = await ctx.stores.keys.findByHash(hash);
  if (record === null) return null;
  const leftMs =
    record.expires_at === null
      ? Number.POSITIVE_INFINITY
      : record.expires_at.getTime() - ctx.runtime.now().getTime();
  if (leftMs <= 0) return null;
  return {
    principal: { kind: "key", keyId: record._id, namespaceIds: record.namespace_ids },
    believedForMs: Math.min(leftMs, IDENTITY_TTL_MS),
  };
}
