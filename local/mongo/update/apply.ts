/** Applies an update to a document: the result is a new one, the input stays as it is. */
import { Timestamp } from "bson";
import { badValue, CommandError } from "../errors.ts";
import { cloneDoc } from "../values/clone.ts";
import { compareValues, sameValue } from "../values/compare.ts";
import { shellText } from "../values/shell.ts";
import { isDoc, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { bitwise, calculate } from "./arithmetic.ts";
import { addToSet, existingArray, pop, pull, pullAll, push } from "./arrays.ts";
import type { Modification, ParsedUpdate } from "./parse.ts";
import { readPlace, removePlace, writePlace } from "./place.ts";
import type { Parts } from "./place.ts";
import { rename } from "./rename.ts";
import { expandPath, matchedPosition, refuseUnusedFilters } from "./positional.ts";
import type { ArrayFilters } from "./positional.ts";

export type UpdateContext = {
  readonly filter: Doc;
  readonly arrayFilters: ArrayFilters;
  /** One moment for a whole command, as `$currentDate` has it. */
  readonly now: Date;
  readonly isInsert: boolean;
};

export function applyUpdate(doc: Doc, update: ParsedUpdate, context: UpdateContext): Doc {
  if (update.kind === "replacement") return replaceDoc(doc, update.doc);
  refuseUnusedFilters(
    context.arrayFilters,
    update.list.map((one) => one.parts),
  );
  const result = cloneDoc(doc);
  const positions = {
    filters: context.arrayFilters,
    matched: () => (context.isInsert ? null : matchedPosition(doc, context.filter)),
  };
  for (const modification of update.list) {
    if (modification.operator === "$setOnInsert" && !context.isInsert) continue;
    for (const place of expandPath(result, modification.parts, positions)) {
      modify(result, place, modification, context);
    }
  }
  // An upsert whose filter names no _id is free to choose one.
  const isFixed = !context.isInsert || Object.hasOwn(doc, "_id");
  if (isFixed && !sameValue(doc["_id"], result["_id"])) {
    throw new CommandError(
      66,
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  }
  return result;
}

function replaceDoc(doc: Doc, replacement: Doc): Doc {
  const id = doc["_id"];
  const { _id: newId = id, ...rest } = replacement;
  if (id !== undefined && !sameValue(newId, id)) {
    throw new CommandError(
      66,
      `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${shellText(newId)}`,
    );
  }
  return newId === undefined ? cloneDoc(rest) : cloneDoc({ _id: newId, ...rest });
}

function modify(doc: Doc, place: Parts, modification: Modification, context: UpdateContext): void {
  const { operator, operand } = modification;
  const path = place.join(".");
  const target = { path, id: doc["_id"] };
  const current = readPlace(doc, place);
  const write = (value: unknown): void => writePlace(doc, place, value);
  switch (operator) {
    case "$set":
    case "$setOnInsert":
      return write(operand);
    case "$unset":
      return removePlace(doc, place);
    case "$inc":
    case "$mul":
      return write(calculate(operator, current, operand, target));
    case "$min":
    case "$max": {
      const order = current === undefined ? null : compareValues(operand, current);
      const isBeyond = order === null || (operator === "$min" ? order < 0 : order > 0);
      return isBeyond ? write(operand) : undefined;
    }
    case "$bit":
      return write(bitwise(current, operand, target));
    case "$currentDate":
      return write(currentDate(operand, context.now));
    case "$rename":
      return rename(doc, place, operand);
    case "$push":
      return write(push(current, operand, target));
    case "$addToSet":
      return write(addToSet(current, operand, target));
    case "$pull":
    case "$pullAll":
    case "$pop": {
      const remove = { $pull: pull, $pullAll: pullAll, $pop: pop }[operator];
      const array = existingArray(current, operator, path);
      // The operand is checked even where there is nothing to remove.
      const kept = remove(array ?? [], operand);
      return array === null ? undefined : write(kept);
    }
  }
}

function currentDate(operand: unknown, now: Date): unknown {
  if (typeof operand === "boolean") return now;
  const type = isDoc(operand) ? operand["$type"] : undefined;
  if (type === "date") return now;
  if (type === "timestamp") return new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
  if (isDoc(operand)) {
    throw badValue(
      "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
    );
  }
  throw badValue(
    `${typeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
  );
}
