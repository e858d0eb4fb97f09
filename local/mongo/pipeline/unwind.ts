/** Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/unwind/ */
import { Long } from "bson";
import { CommandError } from "../errors.ts";
import { fieldOf, fieldPath } from "../values/paths.ts";
import { isDoc, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { StageRun } from "./types.ts";

const FIELDS = new Set(["path", "includeArrayIndex", "preserveNullAndEmptyArrays"]);

export function unwind(argument: unknown): StageRun {
  if (typeof argument !== "string" && !isDoc(argument)) {
    throw new CommandError(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeName(argument)}`,
    );
  }
  const spec: Doc = isDoc(argument) ? argument : { path: argument };
  const stray = Object.keys(spec).find((field) => !FIELDS.has(field));
  if (stray !== undefined) {
    throw new CommandError(28811, `unrecognized option to $unwind stage: ${stray}`);
  }
  const { path = "", includeArrayIndex: indexPath } = spec;
  if (typeof path !== "string") {
    throw new CommandError(
      28808,
      `expected a string as the path for $unwind stage, got ${typeName(path)}`,
    );
  }
  if (path === "") throw new CommandError(28812, "no path specified to $unwind stage");
  if (!path.startsWith("$")) {
    throw new CommandError(
      28818,
      `path option to $unwind stage should be prefixed with a '$': ${path}`,
    );
  }
  const keepsEmpty = spec["preserveNullAndEmptyArrays"] ?? false;
  if (typeof keepsEmpty !== "boolean") {
    throw new CommandError(
      28809,
      `expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got ${typeName(keepsEmpty)}`,
    );
  }
  const indexParts = indexPath === undefined ? null : parseIndexPath(indexPath);
  const parts = fieldPath(path.slice(1));
  const numbered = (doc: Doc, index: unknown): Doc =>
    indexParts === null ? doc : replaced(doc, indexParts, index);
  return (docs) =>
    docs.flatMap((doc) => {
      const value = parts.reduce<unknown>(
        (holder, part) => (isDoc(holder) ? fieldOf(holder, part) : undefined),
        doc,
      );
      if (Array.isArray(value) && value.length > 0) {
        return value.map((item: unknown, i) =>
          numbered(replaced(doc, parts, item), Long.fromNumber(i)),
        );
      }
      const isEmpty = value === undefined || value === null || Array.isArray(value);
      if (!isEmpty) return [numbered(doc, null)];
      if (!keepsEmpty) return [];
      // An empty array is as good as missing: its field goes.
      return [numbered(Array.isArray(value) ? replaced(doc, parts, undefined) : doc, null)];
    });
}

function parseIndexPath(path: unknown): string[] {
  if (typeof path !== "string" || path === "") {
    throw new CommandError(
      28810,
      `expected a non-empty string for the includeArrayIndex  option to $unwind stage, got ${typeName(path)}`,
    );
  }
  if (path.startsWith("$")) {
    throw new CommandError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${path}`,
    );
  }
  return fieldPath(path);
}

/** The document with another value at the path, which leads through documents only: what is none becomes one. */
function replaced(doc: Doc, parts: readonly string[], value: unknown): Doc {
  const [part = "", ...rest] = parts;
  if (rest.length > 0) {
    const inner = doc[part];
    return { ...doc, [part]: replaced(isDoc(inner) ? inner : {}, rest, value) };
  }
  if (value !== undefined) return { ...doc, [part]: value };
  const { [part]: _dropped, ...others } = doc;
  return others;
}
