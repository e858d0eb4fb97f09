import { dereference, type Schema, Validator } from "@cfworker/json-schema";
import type { InvalidField } from "../contract/problem.ts";
import { DomainError } from "./errors.ts";

/** The dialect of schemas that don't name one: https://json-schema.org/draft/2020-12. */
const DRAFT = "2020-12";

/** The maximum number of faults reported for a value. */
const MAX_ERRORS = 20;

/**
 * Refuses an unusable schema: one with an unresolvable or endless reference, or an invalid pattern.
 * `path` is its place in the request. Throws `invalid_request`.
 */
export function requireUsableSchema(schema: Record<string, unknown>, path: string): void {
  try {
    requireUsableParts(schema);
    validatorOf(schema).validate({});
  } catch (error) {
    const message = `not a usable JSON Schema: ${error instanceof Error ? error.message : "unknown reason"}`;
    throw new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
  }
}

/**
 * Refuses a value that doesn't satisfy a schema (JSON text), naming each field under `path`, the
 * value's place in the request. Throws `invalid_request`.
 */
export function requireValid(
  value: Record<string, unknown>,
  schemaText: string,
  path: string,
): void {
  const schema: Schema = JSON.parse(schemaText);
  const result = validate(schema, value, path);
  if (result.valid) return;
  const fields: InvalidField[] = result.errors
    // The outer keywords only say that an inner one failed.
    .filter(({ keyword }) => keyword !== "properties" && keyword !== "items")
    .slice(0, MAX_ERRORS)
    .map(({ instanceLocation, error }) => ({
      path: pathOf(path, instanceLocation),
      message: error,
    }));
  const first = fields[0];
  throw new DomainError(
    "invalid_request",
    first === undefined
      ? `${path}: it doesn't satisfy the type's schema.`
      : `${first.path}: ${first.message}`,
    fields,
  );
}

/**
 * A schema that only some values show to be unusable (it refers to itself) is reported as their
 * error.
 */
function validate(schema: Schema, value: Record<string, unknown>, path: string) {
  try {
    return validatorOf(schema).validate(value);
  } catch (error) {
    const message = `the type's schema can't be applied to it, it must be mended: ${String(error)}`;
    throw new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
  }
}

/** Checks every part, even those that validating one value wouldn't reach. Throws the fault. */
function requireUsableParts(schema: Schema): void {
  const parts = dereference(structuredClone(schema));
  for (const part of Object.values(parts)) {
    if (typeof part === "boolean") continue;
    const { $ref: ref, __absolute_ref__: target = ref, pattern, patternProperties } = part;
    if (target !== undefined && parts[target] === undefined) {
      throw new Error(`there is no ${ref ?? target} in it`);
    }
    for (const source of [pattern, ...Object.keys(patternProperties ?? {})]) {
      if (source !== undefined) void new RegExp(source, "u");
    }
  }
}

function validatorOf(schema: Schema): Validator {
  return new Validator(schema, DRAFT, false);
}

/** `#/customer/id` under `input` → `input.customer.id`. */
function pathOf(root: string, pointer: string): string {
  return [root, ...pointer.split("/").slice(1)].join(".");
}
