/**
 * Update documents, checked before anything is changed.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/update/
 */
import { badValue, CommandError, failedToParse, unsupported } from "../errors.ts";
import { splitPath } from "../values/paths.ts";
import { isDoc, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";

const OPERATORS = [
  "$set",
  "$setOnInsert",
  "$unset",
  "$inc",
  "$mul",
  "$min",
  "$max",
  "$rename",
  "$currentDate",
  "$push",
  "$addToSet",
  "$pull",
  "$pullAll",
  "$pop",
  "$bit",
] as const;

export type UpdateOperator = (typeof OPERATORS)[number];

export type Modification = {
  readonly operator: UpdateOperator;
  readonly path: string;
  readonly parts: readonly string[];
  readonly operand: unknown;
};

export type ParsedUpdate =
  | { readonly kind: "replacement"; readonly doc: Doc }
  | { readonly kind: "modifications"; readonly list: readonly Modification[] };

const isOperator = (name: string): name is UpdateOperator =>
  (OPERATORS as readonly string[]).includes(name);

export function parseUpdate(update: unknown): ParsedUpdate {
  if (Array.isArray(update)) throw unsupported("An update pipeline");
  if (!isDoc(update)) throw failedToParse("Update argument must be either an object or an array");
  const names = Object.keys(update);
  if (names[0]?.startsWith("$") !== true) {
    const stray = names.find((name) => name.startsWith("$"));
    if (stray === undefined) return { kind: "replacement", doc: update };
    const problem = DBREF_PROBLEMS[stray];
    if (problem !== undefined) throw new CommandError(55, problem);
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${stray}' in '${stray}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  }
  const list = names.flatMap((name) => parseOperator(name, update[name]));
  // MongoDB applies modifications in the order of their paths, not as they are written.
  const sorted = list.toSorted((a, b) => comparePaths(a.parts, b.parts));
  refuseConflicts(sorted);
  return { kind: "modifications", list: sorted };
}

function parseOperator(name: string, operand: unknown): Modification[] {
  if (!isOperator(name)) {
    throw failedToParse(
      `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (!isDoc(operand)) {
    throw failedToParse(
      `Modifiers operate on fields but we found type ${typeName(operand)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${JSON.stringify(operand)}}`,
    );
  }
  return Object.keys(operand).map((path) => {
    const parts = splitPath(path);
    if (parts.includes("")) {
      throw new CommandError(
        56,
        `The update path '${path}' contains an empty field name, which is not allowed.`,
      );
    }
    const stray = parts.find((part) => part.startsWith("$") && !/^\$(?:$|\[)/.test(part));
    if (stray !== undefined) throw dollarField(stray, path);
    if (name === "$rename" && operand[path] === path) {
      throw badValue(`The source and target field for $rename must differ: ${path}: "${path}"`);
    }
    return { operator: name, path, parts, operand: operand[path] };
  });
}

/** What is wrong with a DBRef's fields where no DBRef can stand. */
const DBREF_PROBLEMS: Readonly<Record<string, string>> = {
  $ref: "The DBRef $ref field must be followed by a $id field",
  $id: "Found $id field without a $ref before it, which is invalid.",
  $db: "Found $db field without a $id before it, which is invalid.",
};

function dollarField(name: string, path: string): CommandError {
  const problem = DBREF_PROBLEMS[name];
  if (problem === undefined) {
    return new CommandError(
      52,
      `The dollar ($) prefixed field '${name}' in '${path}' is not allowed in the context of an update's modifiers.`,
    );
  }
  return path.startsWith("$")
    ? new CommandError(55, problem)
    : unsupported(`An update of the field ${name} of a DBRef`);
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const x = a[i] ?? "";
    const y = b[i] ?? "";
    if (x === y) continue;
    const areNumbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    if (areNumbers) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function refuseConflicts(list: readonly Modification[]): void {
  const targets = list.flatMap((one) => {
    const renamed =
      one.operator === "$rename" && typeof one.operand === "string" ? [one.operand] : [];
    return [one.path, ...renamed];
  });
  const sorted = targets.toSorted((a, b) => comparePaths(a.split("."), b.split(".")));
  for (const [i, path] of sorted.entries()) {
    const previous = sorted[i - 1];
    if (previous !== undefined && (path === previous || path.startsWith(`${previous}.`))) {
      throw new CommandError(
        40,
        `Updating the path '${path}' would create a conflict at '${previous}'`,
      );
    }
  }
}
