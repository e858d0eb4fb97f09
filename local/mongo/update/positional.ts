/**
 * `$`, `$[]` and `$[name]` in update paths, made into the places that they stand for.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/update/positional-filtered/
 */
import { badValue, failedToParse } from "../errors.ts";
import { compileFilter, isOperatorDoc, isValueCondition, valueTest } from "../query/matcher.ts";
import type { Filter } from "../query/matcher.ts";
import { fieldOf, splitPath } from "../values/paths.ts";
import { shellText } from "../values/shell.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { readPlace } from "./place.ts";
import type { Parts } from "./place.ts";

export type ArrayFilters = ReadonlyMap<string, Filter>;

const IDENTIFIER = /^\$\[(.*)\]$/;

export function parseArrayFilters(filters: readonly unknown[]): ArrayFilters {
  const parsed = new Map<string, Filter>();
  for (const filter of filters) {
    if (!isDoc(filter)) throw failedToParse("Array filters must be objects");
    const name = identifierOf(filter);
    if (parsed.has(name)) {
      throw failedToParse(
        `Found multiple array filters with the same top-level field name ${name}`,
      );
    }
    // The identifier is a field of a document made for the test: `{"item.state": 1}` on `{item}`.
    const matches = compileFilter(filter);
    parsed.set(name, (item) => matches({ [name]: item }));
  }
  return parsed;
}

function identifierOf(filter: Doc): string {
  const names = new Set(
    Object.keys(filter).flatMap((key) => {
      const value = filter[key];
      if (!key.startsWith("$")) return [key.split(".")[0] ?? ""];
      return Array.isArray(value) ? value.filter(isDoc).map(identifierOf) : [];
    }),
  );
  const [name] = names;
  if (name === undefined) {
    throw failedToParse("Cannot use an expression without a top-level field name in arrayFilters");
  }
  if (names.size > 1)
    throw failedToParse("Error parsing array filter: Expected a single top-level field name");
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
    throw badValue(
      `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
    );
  }
  return name;
}

/** MongoDB refuses filters that no path uses: most often the path has a slip of the pen. */
export function refuseUnusedFilters(filters: ArrayFilters, paths: readonly Parts[]): void {
  const used = new Set(paths.flat());
  for (const name of filters.keys()) {
    if (!used.has(`$[${name}]`)) {
      throw failedToParse(`The array filter for identifier '${name}' was not used in the update`);
    }
  }
}

export type Positions = { readonly filters: ArrayFilters; readonly matched: () => number | null };

export function expandPath(doc: Doc, parts: Parts, positions: Positions): Parts[] {
  let places: string[][] = [[]];
  for (const [depth, part] of parts.entries()) {
    if (part === "$") {
      if (depth === 0)
        throw badValue(
          "Cannot have positional (i.e. '$') element in the first position in path '$'",
        );
      const index = positions.matched();
      if (index === null) {
        throw badValue("The positional operator did not find the match needed from the query.");
      }
      places = places.map((place) => [...place, String(index)]);
      continue;
    }
    const name = IDENTIFIER.exec(part)?.[1];
    if (name === undefined) {
      places = places.map((place) => [...place, part]);
      continue;
    }
    const matches = name === "" ? () => true : positions.filters.get(name);
    if (matches === undefined) {
      throw badValue(`No array filter found for identifier '${name}' in path '${parts.join(".")}'`);
    }
    places = places.flatMap((place) => elementsAt(doc, place, matches));
  }
  return places;
}

function elementsAt(doc: Doc, place: string[], matches: Filter): string[][] {
  const array = readPlace(doc, place);
  const path = place.join(".");
  if (array === undefined) {
    throw badValue(
      `The path '${path}' must exist in the document in order to apply array updates.`,
    );
  }
  if (!Array.isArray(array)) {
    throw badValue(
      `Cannot apply array updates to non-array element ${place.at(-1)}: ${shellText(array)}`,
    );
  }
  return array.flatMap((item: unknown, i) => (matches(item) ? [[...place, String(i)]] : []));
}

/**
 * The index that `$` stands for: of the first element by which the filter's condition on an array
 * is met. The last such condition counts, as the server's matcher overwrites what it noted.
 */
export function matchedPosition(doc: Doc, filter: Doc): number | null {
  let position: number | null = null;
  for (const key of Object.keys(filter)) {
    const condition = filter[key];
    const inner =
      key === "$and" && Array.isArray(condition)
        ? condition
            .filter(isDoc)
            .reduce<number | null>((found, one) => matchedPosition(doc, one) ?? found, null)
        : key.startsWith("$")
          ? null
          : positionAt(doc, splitPath(key), condition);
    position = inner ?? position;
  }
  return position;
}

function positionAt(doc: Doc, parts: Parts, condition: unknown): number | null {
  let value: unknown = doc;
  for (const [depth, part] of parts.entries()) {
    if (Array.isArray(value)) {
      const rest = parts.slice(depth).join(".");
      const test = compileFilter({ [rest]: condition });
      return indexOrNull(value, test);
    }
    value = isDoc(value) ? fieldOf(value, part) : undefined;
  }
  if (!Array.isArray(value)) return null;
  return indexOrNull(value, elementTest(condition));
}

function elementTest(condition: unknown): Filter {
  const operand = isOperatorDoc(condition) ? condition["$elemMatch"] : undefined;
  if (isDoc(operand)) {
    return isValueCondition(operand) ? valueTest(operand) : compileFilter(operand);
  }
  return isOperatorDoc(condition) ? valueTest(condition) : valueTest({ $in: [condition] });
}

function indexOrNull(items: readonly unknown[], test: Filter): number | null {
  const index = items.findIndex(test);
  return index === -1 ? null : index;
}
