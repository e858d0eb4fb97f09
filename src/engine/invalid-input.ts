import type { z } from "zod";
import type { InvalidField } from "../contract/problem.ts";
import { DomainError } from "./errors.ts";

/**
 * The error for what zod found: the path of each wrong field and what was expected there. `under`
 * is the path of the parsed value in the request.
 */
export function invalidInput(
  issues: readonly z.core.$ZodIssue[],
  under: readonly string[] = [],
): DomainError {
  const fields = issues.flatMap((issue) => fieldsOf(issue, under));
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
  // A fault inside an alternative means that the value has that alternative's form, so only its
  // faults matter.
  const alternatives = issue.errors.map((inner) => inner.flatMap((one) => fieldsOf(one, steps)));
  const closest = alternatives.find((fields) => fields.some((field) => field.path !== path));
  if (closest !== undefined) return closest;
  const messages = new Set(alternatives.flat().map((field) => field.message));
  return [{ path, message: [...messages].join("; or ") }];
}

function pathOf(steps: readonly PropertyKey[]): string {
  return steps.map(String).join(".");
}
