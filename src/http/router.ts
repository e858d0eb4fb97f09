import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "zod";
import type { InvalidField } from "../contract/problem.ts";
import { DomainError } from "../engine/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { RouterByMethod } from "./router-by-method.ts";

/** A router whose invalid input ends as one `invalid_request` that names every wrong field. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    router: new RouterByMethod(),
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.error.issues);
    },
  });
}

/** The error for what zod found: the path of each wrong field and what was expected there. */
export function invalidInput(issues: readonly z.core.$ZodIssue[]): DomainError {
  const fields = issues.flatMap((issue) => fieldsOf(issue));
  const first = fields[0];
  return new DomainError(
    "invalid_request",
    first === undefined ? "The request is not valid." : `${first.path || "body"}: ${first.message}`,
    fields,
  );
}

function fieldsOf(
  issue: z.core.$ZodIssue,
  parents: readonly PropertyKey[] = [],
): readonly InvalidField[] {
  const steps = [...parents, ...issue.path];
  const path = pathOf(steps);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathOf([...steps, key]),
      message: "there is no such field; remove it",
    }));
  }
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => ({ path, message }));
  if (issue.code !== "invalid_union" || issue.errors.length === 0) {
    return [{ path, message: issue.message }];
  }
  // What fails inside an alternative has the form that this one wants, so only its faults matter.
  const alternatives = issue.errors.map((inner) => inner.flatMap((one) => fieldsOf(one, steps)));
  const closest = alternatives.find((fields) => fields.some((field) => field.path !== path));
  if (closest !== undefined) return closest;
  const messages = new Set(alternatives.flat().map((field) => field.message));
  return [{ path, message: [...messages].join("; or ") }];
}

function pathOf(steps: readonly PropertyKey[]): string {
  return steps.map(String).join(".");
}

/** A JSON answer in a route's definition. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { content: { "application/json": { schema } }, description };
}

/** The same, for an answer whose `Location` header has the path of what was made. */
export function jsonAt<Schema extends z.ZodType>(schema: Schema, description: string) {
  const Location = { schema: { type: "string" as const }, description: "Its path", required: true };
  return { ...json(schema, description), headers: { Location } };
}

/** A required JSON request body in a route's definition, with an example. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>) {
  return { content: { "application/json": { schema, example } }, required: true as const };
}

/** A JSON request body that may be absent, which is the same as `{}`. */
export function optionalJsonBody<Schema extends z.ZodType>(
  schema: Schema,
  example: z.input<Schema>,
) {
  return { content: { "application/json": { schema, example } }, required: false as const };
}
