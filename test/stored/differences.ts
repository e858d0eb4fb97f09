import type { StoredAnswer } from "./archive.ts";

const MOST_SHOWN = 20;

const keyOf = ({ namespace, request }: StoredAnswer) => `${namespace ?? ""} ${request}`;

/**
 * What of answers of then is not in those of now, as `request: path: then, now`. What is only in
 * those of now is no difference: an answer may gain fields.
 */
export function differences(
  then: readonly StoredAnswer[],
  now: readonly StoredAnswer[],
): readonly string[] {
  const present = new Map(now.map((answer) => [keyOf(answer), answer]));
  const found = then.flatMap((answer) => {
    const other = present.get(keyOf(answer));
    if (other === undefined) return [`${answer.request}: not asked any more`];
    return lost(answer.body, other.body, "").map((text) => `${answer.request}: ${text}`);
  });
  return found.slice(0, MOST_SHOWN);
}

function lost(then: unknown, now: unknown, path: string): string[] {
  if (Array.isArray(then) && Array.isArray(now) && then.length === now.length) {
    return then.flatMap((one, index) => lost(one, now[index], `${path}/${index}`));
  }
  if (isObject(then) && isObject(now)) {
    return Object.entries(then).flatMap(([key, one]) => lost(one, now[key], `${path}/${key}`));
  }
  return then === now ? [] : [`${path}: ${JSON.stringify(then)}, now ${JSON.stringify(now)}`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
