/**
 * Index specifications as createIndexes takes them and listIndexes gives them.
 * Source: https://www.mongodb.com/docs/manual/reference/command/createIndexes/
 */
import { CommandError, typeMismatch, unsupported } from "../errors.ts";
import { compileFilter } from "../query/matcher.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { docArgument, flagArgument } from "../values/arguments.ts";
import { keyPatternOf } from "./index.ts";
import type { IndexSpec } from "./index.ts";

/** `background` has had no effect since 4.2; `v` is the index format. */
const KNOWN_OPTIONS = new Set([
  "key",
  "name",
  "unique",
  "sparse",
  "partialFilterExpression",
  "background",
  "v",
  "ns",
]);
const REFUSED_OPTIONS = new Set([
  "expireAfterSeconds",
  "collation",
  "hidden",
  "wildcardProjection",
  "weights",
  "default_language",
  "language_override",
  "textIndexVersion",
  "2dsphereIndexVersion",
  "bits",
  "min",
  "max",
  "prepareUnique",
]);

export function parseIndexSpec(spec: unknown): IndexSpec {
  if (!isDoc(spec)) throw typeMismatch("an element of createIndexes.indexes is not an object");
  for (const option of Object.keys(spec)) {
    if (KNOWN_OPTIONS.has(option)) continue;
    if (REFUSED_OPTIONS.has(option)) throw unsupported(`The index option ${option}`);
    throw new CommandError(197, `The field '${option}' is not valid for an index specification`);
  }
  const named = { "createIndexes.indexes": true, ...spec };
  const { name, key } = spec;
  if (!isDoc(key) || Object.keys(key).length === 0) {
    throw new CommandError(67, "Index keys cannot be an empty object");
  }
  if (typeof name !== "string" || name === "") {
    throw new CommandError(67, "The 'name' field is a required property of an index specification");
  }
  const fields = Object.keys(key).map((path) => ({
    path,
    direction: directionOf(path, key[path]),
  }));
  const isSparse = flagArgument(named, "sparse");
  const partialFilter =
    spec["partialFilterExpression"] === undefined ? null : partialFilterOf(named);
  if (isSparse && partialFilter !== null) {
    throw new CommandError(67, 'cannot mix "partialFilterExpression" and "sparse" options');
  }
  return { name, fields, isUnique: flagArgument(named, "unique"), isSparse, partialFilter };
}

function directionOf(path: string, value: unknown): 1 | -1 {
  if (typeof value === "string") throw unsupported(`An index of type '${value}'`);
  if (path === "" || path.startsWith("$") || path.includes("$**") || path.split(".").includes("")) {
    throw new CommandError(67, `Index key contains an illegal field name: '${path}'`);
  }
  const number = toNumber(value);
  if (number === null || number === 0 || Number.isNaN(number)) {
    throw new CommandError(
      67,
      `Values in v:2 index key pattern must be numbers other than 0: '${path}'`,
    );
  }
  return number > 0 ? 1 : -1;
}

/** https://www.mongodb.com/docs/manual/core/index-partial/#create-a-partial-index */
const PARTIAL_OPERATORS = new Set(["$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$type", "$in"]);

function partialFilterOf(spec: Doc): Doc {
  const filter = docArgument(spec, "partialFilterExpression");
  checkPartial(filter);
  compileFilter(filter);
  return filter;
}

function checkPartial(filter: Doc): void {
  for (const key of Object.keys(filter)) {
    const value = filter[key];
    if (key === "$and" && Array.isArray(value)) {
      for (const clause of value) if (isDoc(clause)) checkPartial(clause);
      continue;
    }
    if (key.startsWith("$"))
      throw new CommandError(67, `Expression not supported in partial index: ${key}`);
    const operators = isDoc(value) ? Object.keys(value).filter((name) => name.startsWith("$")) : [];
    const stray = operators.find((name) => !PARTIAL_OPERATORS.has(name));
    const isAbsence = isDoc(value) && Object.hasOwn(value, "$exists") && value["$exists"] !== true;
    if (stray !== undefined || isAbsence) {
      throw new CommandError(
        67,
        `Expression not supported in partial index: ${stray ?? "$exists: false"}`,
      );
    }
  }
}

export function describeIndex(spec: IndexSpec): Doc {
  return {
    v: 2,
    key: keyPatternOf(spec),
    name: spec.name,
    ...(spec.isUnique && spec.name !== "_id_" ? { unique: true } : {}),
    ...(spec.isSparse ? { sparse: true } : {}),
    ...(spec.partialFilter === null ? {} : { partialFilterExpression: spec.partialFilter }),
  };
}
