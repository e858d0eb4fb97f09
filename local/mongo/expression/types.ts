/** What the compiler of expressions and its operators share. */
import type { Doc } from "../values/types.ts";

/** What an expression sees. Variables have no `$$`. */
export type Scope = { readonly root: Doc; readonly variables: ReadonlyMap<string, unknown> };

/** `undefined` stands for a missing value, which is not null. */
export type Expression = (scope: Scope) => unknown;

/** Compiles a part of an expression, in which further variables may be known. */
export type Compile = (expression: unknown, ...variables: readonly string[]) => Expression;
