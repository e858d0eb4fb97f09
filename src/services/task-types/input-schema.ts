import { type Schema, Validator } from "@cfworker/json-schema";
import type { InvalidField } from "../../contract/problem.ts";
import { DomainError } from "../errors.ts";

/** The dialect of schemas that don't name one: https://json-schema.org/draft/2020-12. */
const DRAFT = "2020-12";

/** How many things that are wrong with an input are named. */
const MAX_ERRORS = 20;

/** Refuses a schema that could not be used: one that refers to what isn't in it. Throws `invalid_request`. */
export function requireUsableSchema(schema: Record<string, unknown>): void {
  try {
    validatorOf(schema).validate({});
  } catch (error) {
    const message = `not a usable JSON Schema: ${error instanceof Error ? error.message : "unknown reason"}`;
    throw new DomainError("invalid_request", `input_schema: ${message}`, [
      { path: "input_schema", message },
    ]);
  }
}

/** Refuses an input that doesn't satisfy its type's schema, naming each field. Throws `invalid_request`. */
export function requireValidInput(input: Record<string, unknown>, schemaText: string | null): void {
  if (schemaText === null) return;
  const schema: Schema = JSON.parse(schemaText);
  const result = validatorOf(schema).validate(input);
  if (result.valid) return;
  const fields: InvalidField[] = result.errors
    // The outer keywords only say that an inner one failed.
    .filter(({ keyword }) => keyword !== "properties" && keyword !== "items")
    .slice(0, MAX_ERRORS)
    .map(({ instanceLocation, error }) => ({ path: pathOf(instanceLocation), message: error }));
  const first = fields[0];
  throw new DomainError(
    "invalid_request",
    first === undefined
      ? "input: it doesn't satisfy the type's schema."
      : `${first.path}: ${first.message}`,
    fields,
  );
}

function validatorOf(schema: Schema): Validator {
  return new Validator(schema, DRAFT, false);
}

/** `#/customer/id` → `input.customer.id`. */
function pathOf(pointer: string): string {
  return ["input", ...pointer.split("/").slice(1)].join(".");
}
