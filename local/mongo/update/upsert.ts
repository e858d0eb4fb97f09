/**
 * The document that an upsert starts from: the equalities of its filter.
 * Source: https://www.mongodb.com/docs/manual/reference/method/db.collection.update/#upsert-behavior
 */
import { ObjectId } from "bson";
import { CommandError } from "../errors.ts";
import { isOperatorDoc } from "../query/matcher.ts";
import { splitPath } from "../values/paths.ts";
import { isDoc, isRegex } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { ParsedUpdate } from "./parse.ts";
import { writePlace } from "./place.ts";
import { applyUpdate } from "./apply.ts";
import type { UpdateContext } from "./apply.ts";

export function upsertedDoc(update: ParsedUpdate, context: UpdateContext): Doc {
  const equalities = equalitiesOf(context.filter);
  const base: Doc = {};
  const seen: string[] = [];
  for (const [path, value] of equalities) {
    if (update.kind === "replacement" && path !== "_id") continue;
    const parts = splitPath(path);
    const rival = seen.find((other) => isWithin(path, other) || isWithin(other, path));
    if (rival !== undefined) {
      throw new CommandError(
        54,
        rival === path
          ? `cannot infer query fields to set, path '${path}' is matched twice`
          : `cannot infer query fields to set, both paths '${rival}' and '${path}' are matched`,
      );
    }
    seen.push(path);
    writePlace(base, parts, value);
  }
  const { _id: id = new ObjectId(), ...rest } = applyUpdate(base, update, {
    ...context,
    isInsert: true,
  });
  return { _id: id, ...rest };
}

const isWithin = (path: string, parent: string): boolean =>
  path === parent || path.startsWith(`${parent}.`);

function equalitiesOf(filter: Doc): [string, unknown][] {
  return Object.keys(filter).flatMap((key): [string, unknown][] => {
    const value = filter[key];
    if (key === "$and" || (key === "$or" && Array.isArray(value) && value.length === 1)) {
      return Array.isArray(value) ? value.filter(isDoc).flatMap(equalitiesOf) : [];
    }
    if (key.startsWith("$") || isRegex(value)) return [];
    if (!isOperatorDoc(value)) return [[key, value]];
    if (Object.hasOwn(value, "$eq")) return [[key, value["$eq"]]];
    const all = value["$all"];
    if (Array.isArray(all)) {
      const items = all.filter((item) => !isOperatorDoc(item) && !isRegex(item));
      return items.map((item): [string, unknown] => [key, item]);
    }
    const only = value["$in"];
    return Array.isArray(only) && only.length === 1 ? [[key, only[0]]] : [];
  });
}
