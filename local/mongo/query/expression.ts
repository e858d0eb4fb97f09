/** `$expr`, evaluated by mingo. Source: https://www.mongodb.com/docs/manual/reference/operator/query/expr/ */
import { Query } from "mingo";
import { badValue } from "../errors.ts";
import { isDoc, isLong } from "../values/types.ts";
import type { Doc } from "../values/types.ts";

export function compileExpression(expression: unknown): (doc: unknown) => boolean {
  const query = new Query({ $expr: withoutLongs(expression) }, { scriptEnabled: false });
  return (doc) => {
    try {
      const plain = withoutLongs(doc);
      return isDoc(plain) && query.test(plain);
    } catch (error) {
      throw badValue(error instanceof Error ? error.message : String(error));
    }
  };
}

/** mingo reckons in JavaScript numbers and would compare a Long as an object. */
export function withoutLongs(value: unknown): unknown {
  if (isLong(value)) {
    const number = value.toNumber();
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(withoutLongs);
  if (!isDoc(value)) return value;
  const copy: Doc = {};
  for (const key of Object.keys(value)) copy[key] = withoutLongs(value[key]);
  return copy;
}
