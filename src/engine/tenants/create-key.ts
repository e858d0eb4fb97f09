import type { CreateKeyRequest } from "../../contract/key.ts";
import type { KeyRecord } from "../../ports/key-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { requireAdmin } from "../principal.ts";
import { formatKey, KEY_BYTES, hashKey } from "./key-form.ts";

/**
 * Creates an API key. Only the response contains `secret`, the key itself. Throws `forbidden`, and
 * `invalid_request` that names each namespace which doesn't exist, or an expiry that has passed.
 */
export async function createKey({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: CreateKeyRequest;
}): Promise<{ readonly key: KeyRecord; readonly secret: string }> {
  requireAdmin(ctx.principal);
  const now = ctx.runtime.now();
  const expiresAt = input.expires_at === undefined ? null : new Date(input.expires_at);
  if (expiresAt !== null && expiresAt <= now) {
    throw new DomainError("invalid_request", "expires_at: expected a time in the future", [
      { path: "expires_at", message: "expected a time in the future" },
    ]);
  }
  const namespaceIds = await resolveNamespaces(ctx, input.namespaces);
  // 256 bits from the platform's own generator: `runtime.random` is for jitter, not for secrets.
  const secret = formatKey(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  const key: KeyRecord = {
    _id: ctx.runtime.newId("key"),
    name: input.name,
    hash: await hashKey(secret),
    namespace_ids: namespaceIds,
    created_at: now,
    expires_at: expiresAt,
  };
  await ctx.stores.keys.insert(key);
  return { key, secret };
}

/** The ids of namespaces given by id or name, each once. */
async function resolveNamespaces(
  ctx: CallerContext,
  idsOrNames: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    idsOrNames.map((idOrName) => ctx.stores.namespaces.find(idOrName)),
  );
  const missing = idsOrNames.flatMap((idOrName, index) =>
    found[index] ? [] : [{ path: `namespaces.${index}`, message: `no namespace "${idOrName}"` }],
  );
  if (missing.length > 0) {
    throw new DomainError("invalid_request", "Some of the namespaces do not exist.", missing);
  }
  return [...new Set(found.flatMap((namespace) => namespace?._id ?? []))];
}
