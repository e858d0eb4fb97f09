/** Reads the fields of a command with the errors that MongoDB gives for a wrong type. */
import { badValue, CommandError, typeMismatch } from "../errors.ts";
import { isDoc, toNumber, typeName } from "./types.ts";
import type { Doc } from "./types.ts";

/** A command's name is its first field. */
export function nameOf(command: Doc): string {
  return Object.keys(command)[0] ?? "";
}

const fieldName = (command: Doc, field: string): string => `${nameOf(command)}.${field}`;

function wrongType(command: Doc, field: string, expected: string): CommandError {
  return typeMismatch(
    `BSON field '${fieldName(command, field)}' is the wrong type '${typeName(command[field])}', expected type '${expected}'`,
  );
}

export function missing(command: Doc, field: string): CommandError {
  return new CommandError(
    40414,
    `BSON field '${fieldName(command, field)}' is missing but a required field`,
  );
}

export function docArgument(command: Doc, field: string): Doc {
  const value = command[field];
  if (value === undefined || value === null) return {};
  if (!isDoc(value)) throw wrongType(command, field, "object");
  return value;
}

export function arrayArgument(command: Doc, field: string): readonly unknown[] {
  const value = command[field];
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrongType(command, field, "array");
  return value;
}

export function flagArgument(command: Doc, field: string, fallback = false): boolean {
  const value = command[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value === "boolean") return value;
  const number = toNumber(value);
  if (number === null) throw wrongType(command, field, "bool");
  return number !== 0;
}

/** A count; null where it is absent. */
export function countArgument(command: Doc, field: string): number | null {
  const value = command[field];
  if (value === undefined || value === null) return null;
  const number = toNumber(value);
  if (number === null) throw wrongType(command, field, "number");
  if (number < 0) {
    throw new CommandError(
      51024,
      `BSON field '${field}' value must be >= 0, actual value '${number}'`,
    );
  }
  if (!Number.isInteger(number)) throw badValue(`'${field}' has to be a whole number`);
  return number;
}
