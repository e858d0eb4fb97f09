import type { CreateNamespaceRequest } from "../../contract/namespace.ts";
import type { NamespaceRecord } from "../../ports/namespace-store.ts";
import type { CallerContext } from "../context.ts";
import { nameTaken } from "../errors.ts";
import { requireAdmin } from "../principal.ts";

/** Creates a namespace. Throws `forbidden` and `name_taken`. */
export async function createNamespace({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: CreateNamespaceRequest;
}): Promise<NamespaceRecord> {
  requireAdmin(ctx.principal);
  const now = ctx.runtime.now();
  const namespace: NamespaceRecord = {
    _id: ctx.runtime.newId("namespace"),
    name: input.name,
    status: "ACTIVE",
    metadata: input.metadata ?? {},
    created_at: now,
    updated_at: now,
  };
  const outcome = await ctx.stores.namespaces.insert(namespace);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw nameTaken("namespace", input.name);
  }
  return namespace;
}
