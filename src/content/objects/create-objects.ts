import type { CreateObjectRequest } from "../../contract/object.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import type { DomainError } from "../../engine/errors.ts";
import { buildObject, keyTaken } from "./build-object.ts";
import { contentRefusal } from "./content-refusal.ts";
import { createObjectStore } from "./create-object-store.ts";

/** An item of a request for many objects: its place there, and the object or why it is none. */
export type ObjectItem = { readonly index: number } & (
  | { readonly kind: "valid"; readonly object: CreateObjectRequest }
  | { readonly kind: "invalid"; readonly error: DomainError }
);

/** What became of an item. */
export type ObjectItemOutcome = { readonly index: number } & (
  | { readonly kind: "created"; readonly objectId: string }
  | { readonly kind: "refused"; readonly error: DomainError }
);

/**
 * Puts many objects into a bucket, each for itself: one that is invalid, whose URL no batch would
 * fetch, or whose key is taken doesn't stop the others. One outcome per item, in order. Of two items with the same key one is
 * created, either of them. Throws `not_found` (the bucket).
 */
export async function createObjects({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly items: readonly ObjectItem[] };
}): Promise<readonly ObjectItemOutcome[]> {
  const bucket = await getBucket({ ctx, input });
  const items = input.items.map((item) => refusingUrls(ctx, item));
  const built = items.flatMap((item) =>
    item.kind === "valid"
      ? [{ index: item.index, object: buildObject(ctx, bucket, item.object) }]
      : [],
  );
  const inserted =
    built.length === 0
      ? []
      : await createObjectStore(ctx.database).insertMany(built.map(({ object }) => object));
  const outcomes = new Map<number, ObjectItemOutcome>();
  for (const [position, { index, object }] of built.entries()) {
    const outcome = inserted[position];
    const taken = outcome?.kind === "duplicate" && outcome.fields.includes("key");
    outcomes.set(
      index,
      taken
        ? { kind: "refused", index, error: keyTaken(object.key, `objects.${index}.key`) }
        : { kind: "created", index, objectId: object._id },
    );
  }
  return items.flatMap((item) =>
    item.kind === "invalid"
      ? [{ kind: "refused", index: item.index, error: item.error }]
      : (outcomes.get(item.index) ?? []),
  );
}

/** The item, invalid when its URL may not be fetched. */
function refusingUrls(ctx: NamespaceContext, item: ObjectItem): ObjectItem {
  if (item.kind === "invalid") return item;
  const { index, object } = item;
  const error = contentRefusal(ctx, object.content, `objects.${index}.content`);
  return error === null ? item : { kind: "invalid", index, error };
}
