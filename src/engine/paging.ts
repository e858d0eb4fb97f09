import { DEFAULT_PAGE_SIZE, type ResourceListRequest } from "../contract/common.ts";
import type { Keyset, PageOptions, ResourceFilter } from "../ports/resource-store.ts";
import { DomainError } from "./errors.ts";

type PageInput = {
  readonly sort?: "created_at" | "-created_at" | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
};

/** The page that a list request asks for. Throws `invalid_cursor`. */
export function pageOptions(input: PageInput): PageOptions {
  return {
    direction: input.sort === "created_at" ? "ascending" : "descending",
    limit: input.limit ?? DEFAULT_PAGE_SIZE,
    after: input.cursor === undefined ? null : decodeCursor(input.cursor),
  };
}

/** A keyset as callers see it: opaque text, safe in a URL. */
export function encodeCursor(next: Keyset | null): string | null {
  if (next === null) return null;
  return toBase64Url(`${next.at.getTime()}.${next.id}`);
}

function decodeCursor(cursor: string): Keyset {
  const match = /^(\d{1,15})\.([a-z]+_[0-9a-f]{32})$/.exec(fromBase64Url(cursor));
  if (match === null) throw invalidCursor();
  return { at: new Date(Number(match[1])), id: match[2] ?? "" };
}

/** The error for a cursor that no list issued. */
export function invalidCursor(): DomainError {
  return new DomainError("invalid_cursor", "Send the next_cursor of the page before, unchanged.", [
    { path: "cursor", message: "expected the next_cursor of an earlier answer" },
  ]);
}

/** ASCII text as it may stand in a URL (RFC 4648, section 5, without padding). */
export function toBase64Url(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Decodes such text; empty for anything else. */
export function fromBase64Url(text: string): string {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}

/** One value or many, as a list; undefined stays undefined. */
export function asList<Item extends string>(
  value: Item | readonly Item[] | undefined,
): readonly Item[] | undefined {
  return typeof value === "string" ? [value] : value;
}

/** The store's filter for the filters that every resource list has. */
export function resourceFilter(input: ResourceListRequest): ResourceFilter {
  return {
    names: asList(input.name),
    statuses: asList(input.status),
    ...createdRange(input.created_at),
    metadata: input.metadata,
  };
}

/** A wire time range as Dates. */
export function createdRange(
  range: { gte?: string | undefined; lt?: string | undefined } | undefined,
): {
  createdFrom: Date | undefined;
  createdBefore: Date | undefined;
} {
  return {
    createdFrom: range?.gte === undefined ? undefined : new Date(range.gte),
    createdBefore: range?.lt === undefined ? undefined : new Date(range.lt),
  };
}
