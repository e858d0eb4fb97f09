import type { ErrorCode, InvalidField } from "../contract/problem.ts";

/**
 * A refusal that the caller can act on. It knows no transport: `routes/error-response.ts` maps
 * each code to an HTTP status.
 */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly InvalidField[];

  /** `detail` tells a person what was expected and what to do; `fields` say where. */
  constructor(code: ErrorCode, detail: string, fields: readonly InvalidField[] = []) {
    super(detail);
    this.name = "DomainError";
    this.code = code;
    this.fields = fields;
  }
}

/**
 * The same error whether the resource doesn't exist, is of another kind, or is in another
 * namespace.
 */
export function notFound(kind: string, idOrName: string): DomainError {
  return new DomainError("not_found", `There is no ${kind} "${idOrName}" in this namespace.`);
}

/** A unique name that is already taken. */
export function nameTaken(kind: string, name: string): DomainError {
  return new DomainError(
    "name_taken",
    `There is a ${kind} named "${name}" already. Choose another name.`,
    [{ path: "name", message: "taken" }],
  );
}
