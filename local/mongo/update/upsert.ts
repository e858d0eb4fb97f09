/**
 * The document that an upsert starts from: the equalities of its filter.
 * Source: https://www.mongodb.com/docs/manual/reference/method/db.collection.update/#upsert-behavior
 */
import { ObjectId } from "bson";
import { badValue } from "../errors.ts";
import { isOperatorDoc } from "../query/matcher.ts";
import { splitPath } from "../values/paths.ts";
import { isDoc, isRegex } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { ParsedUpdate } from "./parse.ts";
import { readPlace, writePlace } from "./place.ts";
import { applyUpdate } from "./apply.ts";
import type { UpdateContext } from "./apply.ts";

export function upsertedDoc(update: ParsedUpdate, context: UpdateContext): Doc {
  const equalities = equalitiesOf(context.filter);
  const base: Doc = {};
  for (const [path, value] of equalities) {
    if (update.kind === "replacement" && path !== "_id") continue;
    const parts = splitPath(path);
    if (readPlace(base, parts) !== undefined) {
      throw badValue(`cannot infer query fields to set, path '${path}' is matched twice`);
    }
    writePlace(base, parts, value);
  }
  const { _id: id = new ObjectId(), ...rest } = applyUpdate(base, update, {
    ...context,
    isInsert: true,
  });
  return { _id: id, ...rest };
}

function equalitiesOf(filter: Doc): [string, unknown][] {
  return Object.keys(filter).flatMap((key): [string, unknown][] => {
    const value = filter[key];
    if (key === "$and" || (key === "$or" && Array.isArray(value) && value.length === 1)) {
      return Array.isArray(value) ? value.filter(isDoc).flatMap(equalitiesOf) : [];
    }
    if (key.startsWith("$") || isRegex(value)) return [];
    if (!isOperatorDoc(value)) return [[key, value]];
    if (Object.hasOwn(value, "$eq")) return [[key, value["$eq"]]];
    const only = value["$in"];
    return Array.isArray(only) && only.length === 1 ? [[key, only[0]]] : [];
  });
}
