import { DomainError } from "../errors.ts";

const FIELD = /\{(input(?:\.[A-Za-z0-9_-]+)+)\}/g;

/**
 * Fills a concurrency key's fields with the input's values. Throws `invalid_request` that names a
 * field which is missing, or isn't a string, number or boolean.
 */
export function renderConcurrencyKey(template: string, input: Record<string, unknown>): string {
  return template.replaceAll(FIELD, (_, path: string) => {
    const value = path
      .split(".")
      .slice(1)
      .reduce<unknown>((within, name) => fieldOf(within, name), input);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return String(value);
    }
    const message =
      "expected a string, number or boolean, because the type's concurrency key uses this field";
    throw new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
  });
}

function fieldOf(within: unknown, name: string): unknown {
  if (typeof within !== "object" || within === null || !Object.hasOwn(within, name))
    return undefined;
  return new Map(Object.entries(within)).get(name);
}
