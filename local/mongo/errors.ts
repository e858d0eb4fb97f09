/**
 * The errors a client can be answered with, with the codes and names that MongoDB gives them.
 * Source: https://www.mongodb.com/docs/manual/reference/error-codes/
 */
import { Double } from "bson";
import type { Doc } from "./values/types.ts";

const CODE_NAMES = {
  2: "BadValue",
  8: "UnknownError",
  9: "FailedToParse",
  13: "Unauthorized",
  14: "TypeMismatch",
  15: "Overflow",
  16: "InvalidLength",
  20: "IllegalOperation",
  22: "InvalidBSON",
  26: "NamespaceNotFound",
  27: "IndexNotFound",
  28: "PathNotViable",
  40: "ConflictingUpdateOperators",
  43: "CursorNotFound",
  52: "DollarPrefixedFieldName",
  53: "InvalidIdField",
  54: "NotSingleValueField",
  55: "InvalidDBRef",
  56: "EmptyFieldName",
  59: "CommandNotFound",
  66: "ImmutableField",
  67: "CannotCreateIndex",
  72: "InvalidOptions",
  73: "InvalidNamespace",
  85: "IndexOptionsConflict",
  86: "IndexKeySpecsConflict",
  91: "ShutdownInProgress",
  168: "InvalidPipelineOperator",
  171: "CannotIndexParallelArrays",
  197: "InvalidIndexSpecificationOption",
  238: "NotImplemented",
  241: "ConversionFailure",
  10334: "BSONObjectTooLarge",
  11000: "DuplicateKey",
} as const;

/** Codes outside the table (five digits, as a rule) are answered as MongoDB does: `Location40324`. */
function codeNameOf(code: number): string {
  const names: Record<number, string> = CODE_NAMES;
  return names[code] ?? `Location${code}`;
}

/** A failure that is part of the protocol: it becomes `{ok: 0}` or an entry of `writeErrors`. */
export class CommandError extends Error {
  readonly code: number;
  readonly codeName: string;
  /** What MongoDB answers beside the message: `keyPattern` and `keyValue` for a duplicate key. */
  readonly details: Doc;

  constructor(code: number, message: string, details: Doc = {}) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.codeName = codeNameOf(code);
    this.details = details;
  }
}

export function badValue(message: string): CommandError {
  return new CommandError(2, message);
}

export function failedToParse(message: string): CommandError {
  return new CommandError(9, message);
}

export function typeMismatch(message: string): CommandError {
  return new CommandError(14, message);
}

/** Says in which part of a command an error lies, as MongoDB does for some stages. */
export function withContext<T>(context: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { code, message, details } = error;
    throw new CommandError(code, `${context} :: caused by :: ${message}`, details);
  }
}

/** Things that MongoDB has and this stand-in deliberately lacks: refused, never guessed. */
export function unsupported(what: string): CommandError {
  return new CommandError(238, `${what} is not supported by this stand-in`);
}

export function errorReply(error: CommandError): Doc {
  return {
    ok: new Double(0),
    errmsg: error.message,
    code: error.code,
    codeName: error.codeName,
    ...error.details,
  };
}
