/**
 * A hint names an index that has to exist. It is not followed: the planner's own choice gives the
 * same documents.
 * Source: https://www.mongodb.com/docs/manual/reference/method/cursor.hint/
 */
import { badValue, failedToParse } from "../errors.ts";
import type { Collection } from "../storage/collection.ts";
import { keyPatternOf } from "../storage/index.ts";
import { identical } from "../values/compare.ts";
import { isDoc } from "../values/types.ts";

export function checkHint(collection: Collection | undefined, hint: unknown): void {
  if (hint === undefined || hint === null) return;
  if (typeof hint !== "string" && !isDoc(hint)) {
    throw failedToParse("Hint must be a string or an object");
  }
  if (isDoc(hint) && (Object.keys(hint).length === 0 || Object.hasOwn(hint, "$natural"))) return;
  if (collection === undefined) return;
  const isKnown = collection.indexes.some(({ spec }) =>
    typeof hint === "string" ? spec.name === hint : identical(keyPatternOf(spec), hint),
  );
  if (!isKnown) {
    throw badValue(
      "error processing query: planner returned error: bad hint: hint provided does not correspond to an existing index",
    );
  }
}
