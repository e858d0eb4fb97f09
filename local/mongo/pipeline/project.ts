/**
 * `$project`, `$addFields` and `$unset`: what is kept or dropped is find's projection, what is
 * computed is put in after it.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/project/
 */
import { CommandError, withContext } from "../errors.ts";
import { compileExpression } from "../expression/compile.ts";
import { isOperatorDoc } from "../query/matcher.ts";
import { compileProjection } from "../query/projection.ts";
import { fieldPath } from "../values/paths.ts";
import { isDoc, toNumber, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { StageRun } from "./types.ts";

type Computed = {
  readonly parts: readonly string[];
  readonly evaluate: (doc: Doc) => unknown;
};

function flatten(spec: Doc, prefix = ""): [string, unknown][] {
  return Object.keys(spec).flatMap((key): [string, unknown][] => {
    const path = prefix + key;
    const value = spec[key];
    fieldPath(key);
    if (!isDoc(value) || isOperatorDoc(value)) return [[path, value]];
    if (Object.keys(value).length === 0) {
      throw new CommandError(40180, `an empty object is not a valid value. Found at ${path}`);
    }
    return flatten(value, `${path}.`);
  });
}

const isFlag = (value: unknown): boolean => typeof value === "boolean" || toNumber(value) !== null;

const computedOf = ([path, value]: [string, unknown]): Computed => ({
  parts: fieldPath(path),
  evaluate: compileExpression(value),
});

export function project(argument: unknown): StageRun {
  if (!isDoc(argument)) {
    throw new CommandError(15969, "$project specification must be an object");
  }
  return withContext("Invalid $project", () => projection(argument));
}

function projection(argument: Doc): StageRun {
  const entries = flatten(argument);
  if (entries.length === 0) {
    throw new CommandError(51272, "projection specification must have at least one field");
  }
  const flags = entries.filter(([, value]) => isFlag(value));
  const computed = entries.filter(([, value]) => !isFlag(value)).map(computedOf);
  if (computed.length === 0) {
    const only = compileProjection(Object.fromEntries(flags));
    return (docs) => (only === null ? docs : docs.map(only));
  }
  const dropped = flags.find(
    ([path, value]) => path !== "_id" && !(value === true || toNumber(value)),
  );
  if (dropped !== undefined) {
    throw new CommandError(
      31254,
      `Cannot do exclusion on field ${dropped[0]} in inclusion projection`,
    );
  }
  // Finds paths that collide, whether they are kept or computed.
  compileProjection(Object.fromEntries(entries.map(([path]) => [path, true])));
  const kept = Object.fromEntries(flags);
  const keepsNothing = flags.length === 1 && Object.hasOwn(kept, "_id") && !isIncluded(kept["_id"]);
  const keep = compileProjection(flags.length === 0 ? { _id: true } : kept);
  return (docs) =>
    docs.map((doc) => withComputed(doc, keepsNothing || keep === null ? {} : keep(doc), computed));
}

const isIncluded = (value: unknown): boolean => value === true || Boolean(toNumber(value));

/** `name` is `$addFields` or its other name, `$set`. */
export function addFields(name: string, argument: unknown): StageRun {
  if (!isDoc(argument)) {
    throw new CommandError(
      40272,
      `${name} specification stage must be an object, got ${typeName(argument)}`,
    );
  }
  return withContext(`Invalid ${name}`, () => additions(argument));
}

function additions(argument: Doc): StageRun {
  const entries = flatten(argument);
  if (entries.length === 0) {
    throw new CommandError(40177, "$addFields specification must have at least one field");
  }
  compileProjection(Object.fromEntries(entries.map(([path]) => [path, true])));
  const computed = entries.map(computedOf);
  return (docs) => docs.map((doc) => withComputed(doc, doc, computed));
}

export function unset(argument: unknown): StageRun {
  if (typeof argument !== "string" && !Array.isArray(argument)) {
    throw new CommandError(31002, "$unset specification must be a string or an array");
  }
  const paths: unknown[] = Array.isArray(argument) ? argument : [argument];
  if (paths.length === 0) {
    throw new CommandError(
      31119,
      "$unset specification must be a string or an array with at least one field",
    );
  }
  const spec = Object.fromEntries(
    paths.map((path) => {
      if (typeof path === "string") return [path, false];
      throw new CommandError(
        31120,
        "$unset specification must be a string or an array containing only string values",
      );
    }),
  );
  const drop = withContext("Invalid $unset", () => compileProjection(spec));
  return (docs) => (drop === null ? docs : docs.map(drop));
}

/** Every value is computed from the document as it came in, whatever the others write. */
function withComputed(source: Doc, base: Doc, computed: readonly Computed[]): Doc {
  return computed.reduce((doc, { parts, evaluate }) => put(doc, parts, evaluate(source)), base);
}

function put(doc: Doc, [part = "", ...rest]: readonly string[], value: unknown): Doc {
  const next = rest.length === 0 ? value : putInside(doc[part], rest, value);
  if (next !== undefined) return { ...doc, [part]: next };
  const { [part]: _dropped, ...others } = doc;
  return others;
}

/** In an array every element is written to; what is no document becomes one. */
function putInside(holder: unknown, rest: readonly string[], value: unknown): unknown {
  if (Array.isArray(holder)) return holder.map((item: unknown) => putInside(item, rest, value));
  return put(isDoc(holder) ? holder : {}, rest, value);
}
