/**
 * Regular expressions. PCRE and JavaScript differ: flags that JavaScript lacks are refused.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/query/regex/
 */
import { badValue, CommandError, unsupported } from "../errors.ts";
import { isRegex } from "../values/types.ts";
import { onValueOrElements } from "./leaf.ts";
import type { Leaf } from "./leaf.ts";

export function toRegExp(pattern: string, options: string): RegExp {
  for (const flag of options) {
    if (flag === "x") throw unsupported("The regular expression flag x");
    if (!"imsu".includes(flag)) throw badValue(`invalid flag in regex options: ${flag}`);
  }
  try {
    return new RegExp(pattern, options);
  } catch {
    throw new CommandError(51091, `Regular expression is invalid: ${pattern}`);
  }
}

/** What a pattern is made of; bson's own class refuses odd options with an error of its own. */
export type Pattern = { readonly pattern: string; readonly options: string };

export function regexPredicate({ pattern, options }: Pattern): Leaf {
  const compiled = toRegExp(pattern, options);
  return onValueOrElements((value) =>
    typeof value === "string"
      ? compiled.test(value)
      : isRegex(value) && value.pattern === pattern && value.options === options,
  );
}
