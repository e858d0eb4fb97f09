/** Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/unwind/ */
import { Long } from "bson";
import { CommandError } from "../errors.ts";
import { fieldOf, splitPath } from "../values/paths.ts";
import { flagArgument } from "../values/arguments.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { StageRun } from "./types.ts";

const FIELDS = new Set(["path", "includeArrayIndex", "preserveNullAndEmptyArrays"]);

export function unwind(argument: unknown): StageRun {
  const spec: Doc = isDoc(argument) ? argument : { path: argument };
  const stray = Object.keys(spec).find((field) => !FIELDS.has(field));
  if (stray !== undefined) {
    throw new CommandError(28811, `unrecognized option to $unwind stage: ${stray}`);
  }
  const { path, includeArrayIndex: indexName } = spec;
  if (typeof path !== "string") {
    throw new CommandError(28808, "expected a string as the path for $unwind stage");
  }
  if (!path.startsWith("$") || path.startsWith("$$") || path === "$") {
    throw new CommandError(
      28818,
      `path option to $unwind stage should be prefixed with a '$': ${path}`,
    );
  }
  if (indexName !== undefined && (typeof indexName !== "string" || /^$|[.$]/.test(indexName))) {
    throw new CommandError(28810, "includeArrayIndex has to be the name of a field");
  }
  const keepsEmpty = flagArgument({ $unwind: 1, ...spec }, "preserveNullAndEmptyArrays");
  const parts = splitPath(path.slice(1));
  const numbered = (doc: Doc, index: unknown): Doc =>
    indexName === undefined ? doc : { ...doc, [indexName]: index };
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

/** The document with another value at the path, which leads through documents only. */
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
