/**
 * find's projections: inclusion, exclusion, `$slice` and `$elemMatch`.
 * Source: https://www.mongodb.com/docs/manual/tutorial/project-fields-from-query-results/
 */
import { badValue, CommandError, unsupported } from "../errors.ts";
import { fieldPath } from "../values/paths.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { compileFilter, isOperatorDoc, valueTest } from "./matcher.ts";

export type Projector = (doc: Doc) => Doc;

type Transform = (value: unknown) => unknown;
/** What to do at a field: keep or drop it, transform its value, or look at its fields. */
type Rule = boolean | Transform | Tree;
type Tree = Map<string, Rule>;

export function compileProjection(spec: Doc): Projector | null {
  const entries = flatten(spec, "");
  if (entries.length === 0) return null;
  let mode: "include" | "exclude" | null = null;
  const tree: Tree = new Map();
  for (const [path, value] of entries) {
    const rule = toRule(path, value);
    if (typeof rule === "boolean" && path !== "_id") {
      const wanted = rule ? "include" : "exclude";
      if (mode !== null && mode !== wanted) throw mixed(path, rule);
      mode = wanted;
    }
    plant(tree, path, rule);
  }
  if (mode === null) {
    // By itself $elemMatch includes; $slice does neither.
    const isInclusion =
      tree.get("_id") === true || entries.some(([, value]) => isElementMatch(value));
    mode = isInclusion ? "include" : "exclude";
  }
  if (mode === "include") {
    if (!tree.has("_id")) tree.set("_id", true);
    return (doc) => include(doc, tree);
  }
  return (doc) => exclude(doc, tree);
}

function mixed(path: string, isInclusion: boolean): CommandError {
  return isInclusion
    ? new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
    : new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
}

function flatten(spec: Doc, prefix: string): [string, unknown][] {
  return Object.keys(spec).flatMap((key): [string, unknown][] => {
    const path = prefix + key;
    const value = spec[key];
    if (key.startsWith("$"))
      throw new CommandError(16410, `FieldPath field names may not start with '$': ${path}`);
    if (!isDoc(value) || isOperatorDoc(value)) return [[path, value]];
    if (Object.keys(value).length === 0) {
      throw new CommandError(
        51270,
        "An empty sub-projection is not a valid value. Found empty object at path",
      );
    }
    return flatten(value, `${path}.`);
  });
}

const isElementMatch = (value: unknown): boolean =>
  isOperatorDoc(value) && value["$elemMatch"] !== undefined;

function toRule(path: string, value: unknown): boolean | Transform {
  if (path.endsWith(".$")) throw unsupported("The positional projection");
  if (typeof value === "boolean") return value;
  const number = toNumber(value);
  if (number !== null) return number !== 0;
  if (!isOperatorDoc(value)) throw unsupported(`A projection by expression (of '${path}')`);
  const [operator = "", ...others] = Object.keys(value);
  if (others.length > 0) throw badValue(`Invalid operator in the projection of '${path}'`);
  if (operator === "$slice") return slicer(value["$slice"]);
  if (operator === "$elemMatch") return firstMatch(value["$elemMatch"], path);
  throw unsupported(`The projection operator ${operator}`);
}

function slicer(operand: unknown): Transform {
  const [first, second] = (Array.isArray(operand) ? (operand as unknown[]) : [operand]).map(
    toNumber,
  );
  if (first === null || first === undefined || second === null) {
    throw new CommandError(
      28667,
      "Invalid $slice syntax. The given syntax did not match the find() syntax",
    );
  }
  if (second !== undefined && second <= 0) {
    throw new CommandError(
      28724,
      "First argument to $slice must be an array, its last a positive number",
    );
  }
  return (value) => {
    if (!Array.isArray(value)) return value;
    if (second === undefined) return first >= 0 ? value.slice(0, first) : value.slice(first);
    const start = first >= 0 ? first : Math.max(0, value.length + first);
    return value.slice(start, start + second);
  };
}

function firstMatch(operand: unknown, path: string): Transform {
  if (!isDoc(operand))
    throw new CommandError(31274, "elemMatch: Invalid argument, object required");
  if (path.includes("."))
    throw new CommandError(31275, "Cannot use $elemMatch projection on a nested field.");
  const test = isOperatorDoc(operand) ? valueTest(operand) : compileFilter(operand);
  return (value) => {
    const found: unknown = Array.isArray(value) ? value.find(test) : undefined;
    return found === undefined ? undefined : [found];
  };
}

function plant(tree: Tree, path: string, rule: boolean | Transform): void {
  const parts = fieldPath(path);
  let branch = tree;
  for (const [i, part] of parts.entries()) {
    const existing = branch.get(part);
    const isLast = i === parts.length - 1;
    if (existing !== undefined && (isLast || !(existing instanceof Map))) {
      const rest = parts.slice(i + 1).join(".");
      throw new CommandError(
        31249,
        `Path collision at ${path}${rest === "" ? "" : ` remaining portion ${rest}`}`,
      );
    }
    if (isLast) {
      branch.set(part, rule);
      return;
    }
    const next: Tree = existing instanceof Map ? existing : new Map<string, Rule>();
    branch.set(part, next);
    branch = next;
  }
}

function include(doc: Doc, tree: Tree): Doc {
  const kept: Doc = {};
  for (const key of Object.keys(doc)) {
    const rule = tree.get(key);
    if (rule === undefined || rule === false) continue;
    const value = apply(doc[key], rule, include);
    // A scalar where the projection expects a document is left out.
    if (rule instanceof Map && !isDoc(value) && !Array.isArray(value)) continue;
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}

function exclude(doc: Doc, tree: Tree): Doc {
  const kept: Doc = {};
  for (const key of Object.keys(doc)) {
    const rule = tree.get(key);
    if (rule === false) continue;
    kept[key] = rule === undefined ? doc[key] : apply(doc[key], rule, exclude);
  }
  return kept;
}

function apply(value: unknown, rule: Rule, walk: (doc: Doc, tree: Tree) => Doc): unknown {
  if (typeof rule === "boolean") return value;
  if (typeof rule === "function") return rule(value);
  if (isDoc(value)) return walk(value, rule);
  if (!Array.isArray(value)) return value;
  const items = value as unknown[];
  const inner =
    walk === include ? items.filter((item) => isDoc(item) || Array.isArray(item)) : items;
  return inner.map((item) => apply(item, rule, walk));
}
