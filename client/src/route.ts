import type { CallOptions } from "./options.ts";

/**
 * What may be done after a try that failed without saying what became of it:
 * - `safe`: the same again; twice is the same as once.
 * - `remove`: the same again; and "not found" then means that the lost try did it.
 * - `keyed`: the same again, since all tries bear one `Idempotency-Key`.
 * - `rows`: the same again, since each row of the body bears a key of its own.
 * - `once`: nothing; the caller must look.
 */
export type Repeat = "safe" | "remove" | "keyed" | "rows" | "once";

/** What goes in and comes out, as types: `body` (optional with `?`), `query`, `answer`. */
export type RouteTypes = {
  readonly body?: unknown;
  readonly query?: unknown;
  readonly answer?: unknown;
};

/** A route of the API. `name` is its method and path, as `/openapi.json` has it. */
export type Route<Name extends string = string, Types = unknown, Kind = RouteKind> = {
  readonly name: Name;
  readonly kind: Kind;
  readonly repeat: Repeat;
  /** Whether the argument before the options is a body. */
  readonly hasBody: boolean;
  /** Only for the compiler; never there. */
  readonly types?: Types;
};

/** `page`: answers `results` and the cursor of the next page, so that there is an iterator over it. */
export type RouteKind = "one" | "page";

/** One page of a list. */
export type Page<Row> = {
  readonly results: Row[];
  readonly pagination: { readonly next_cursor: string | null };
};

type Ids<Name extends string> = Name extends `${string}{${string}{${string}{${string}`
  ? [grandparentId: string, parentId: string, id: string]
  : Name extends `${string}{${string}{${string}`
    ? [parentId: string, id: string]
    : Name extends `${string}{${string}`
      ? [id: string]
      : [];

type Body<Types> = Types extends { readonly body: infer B }
  ? [body: B]
  : "body" extends keyof Types
    ? [body?: Types["body"]]
    : [];

type Options<Types> = "query" extends keyof Types
  ? CallOptions & { readonly query?: Types["query"] }
  : CallOptions;

type Answer<Types> = Types extends { readonly answer: infer A } ? A : void;

/** The arguments of a route's method: its ids in the order of the path, its body, its options. */
type Arguments<Name extends string, Types> = [
  ...Ids<Name>,
  ...Body<Types>,
  options?: Options<Types>,
];

/** The method that a route becomes. */
export type MethodOf<R> =
  R extends Route<infer Name, infer Types, infer Kind>
    ? (
        ...given: Arguments<Name, Types>
      ) => Promise<Kind extends "page" ? Page<Answer<Types>> : Answer<Types>>
    : never;

/** The iterator over all rows of a list, page by page as they are asked for. */
export type PagesOf<R> =
  R extends Route<infer Name, infer Types, "page">
    ? (...given: Arguments<Name, Types>) => AsyncGenerator<Answer<Types>, void, undefined>
    : never;

/** A group of routes as methods; each list has a second one, `…All`. */
export type GroupOf<Group> = { readonly [M in keyof Group]: MethodOf<Group[M]> } & {
  readonly [
    M in keyof Group as Group[M] extends { readonly kind: "page" } ? `${M & string}All` : never
  ]: PagesOf<Group[M]>;
};

type TypesOf<Types> = { readonly hasBody: boolean; readonly types?: Types };

/*
 * These have no side effects, which a bundler must be told (and believes of declared functions only):
 * else the whole table of routes would be in the bundle of who only verifies webhooks.
 */

/** The types of a route that takes no body. */
// @__NO_SIDE_EFFECTS__
export function of<
  Types extends RouteTypes & { readonly body?: never } = { readonly answer: void },
>(): TypesOf<Types> {
  return { hasBody: false };
}

/** The types of a route that takes a body. */
// @__NO_SIDE_EFFECTS__
export function ofBody<Types extends { readonly body?: unknown }>(): TypesOf<Types> {
  return { hasBody: true };
}

// @__NO_SIDE_EFFECTS__
export function safe<Name extends string, Types extends RouteTypes>(
  name: Name,
  { hasBody }: TypesOf<Types>,
): Route<Name, Types, "one"> {
  return { name, kind: "one", repeat: "safe", hasBody };
}

// @__NO_SIDE_EFFECTS__
export function remove<Name extends string, Types extends RouteTypes>(
  name: Name,
  { hasBody }: TypesOf<Types>,
): Route<Name, Types, "one"> {
  return { name, kind: "one", repeat: "remove", hasBody };
}

// @__NO_SIDE_EFFECTS__
export function keyed<Name extends string, Types extends RouteTypes>(
  name: Name,
  { hasBody }: TypesOf<Types>,
): Route<Name, Types, "one"> {
  return { name, kind: "one", repeat: "keyed", hasBody };
}

// @__NO_SIDE_EFFECTS__
export function rows<Name extends string, Types extends RouteTypes>(
  name: Name,
  { hasBody }: TypesOf<Types>,
): Route<Name, Types, "one"> {
  return { name, kind: "one", repeat: "rows", hasBody };
}

// @__NO_SIDE_EFFECTS__
export function once<Name extends string, Types extends RouteTypes>(
  name: Name,
  { hasBody }: TypesOf<Types>,
): Route<Name, Types, "one"> {
  return { name, kind: "one", repeat: "once", hasBody };
}

/** A list; `answer` is the type of one row. */
// @__NO_SIDE_EFFECTS__
export function page<Name extends string, Types extends RouteTypes>(
  name: Name,
  { hasBody }: TypesOf<Types>,
): Route<Name, Types, "page"> {
  return { name, kind: "page", repeat: "safe", hasBody };
}
