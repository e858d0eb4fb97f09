/**
 * Aggregation expressions, compiled: paths, variables, literals, and the operators of the two tables
 * beside this file. Everything is checked before the first document is looked at.
 * Source: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/ and
 * https://www.mongodb.com/docs/manual/meta/aggregation-quick-reference/#expressions
 */
import * as known from "mingo/operators/expression";
import { CommandError, failedToParse, unsupported } from "../errors.ts";
import { checkFieldName, fieldOf, fieldPath } from "../values/paths.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { FORMS } from "./forms.ts";
import { FUNCTIONS } from "./functions.ts";
import type { Expression } from "./types.ts";

const SYSTEM_VARIABLES: ReadonlySet<string> = new Set(["ROOT", "CURRENT", "REMOVE"]);

const NO_VARIABLES: ReadonlyMap<string, unknown> = new Map();

/** Compiles an expression over a document. */
export function compileExpression(expression: unknown): (doc: Doc) => unknown {
  const compiled = compile(expression, new Set());
  return (doc) => compiled({ root: doc, variables: NO_VARIABLES });
}

function compile(expression: unknown, variables: ReadonlySet<string>): Expression {
  if (typeof expression === "string" && expression.startsWith("$")) {
    return compilePath(expression, variables);
  }
  if (Array.isArray(expression)) {
    const items = expression.map((item: unknown) => compile(item, variables));
    return (scope) => items.map((item) => item(scope) ?? null);
  }
  if (!isDoc(expression)) return () => expression;
  const [name = "", ...others] = Object.keys(expression);
  if (!name.startsWith("$")) return compileDocument(expression, variables);
  if (others.length > 0) {
    throw new CommandError(
      15983,
      "An object representing an expression must have exactly one field",
    );
  }
  return compileOperator(name, expression[name], variables);
}

function compileDocument(expression: Doc, variables: ReadonlySet<string>): Expression {
  const fields = Object.keys(expression).map((name): [string, Expression] => {
    checkFieldName(name);
    return [name, compile(expression[name], variables)];
  });
  return (scope) => {
    const doc: Doc = {};
    for (const [name, field] of fields) {
      const value = field(scope);
      if (value !== undefined) doc[name] = value;
    }
    return doc;
  };
}

function compileOperator(
  name: string,
  operand: unknown,
  variables: ReadonlySet<string>,
): Expression {
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (form !== undefined) {
    return form(operand, (part, ...more) => compile(part, new Set([...variables, ...more])));
  }
  const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (definition === undefined) {
    if (Object.hasOwn(known, name)) throw unsupported(`The expression ${name}`);
    throw new CommandError(168, `Unrecognized expression '${name}'`);
  }
  const parts: unknown[] = Array.isArray(operand) ? operand : [operand];
  const { least, most, run, arityError } = definition;
  const count = parts.length;
  if (count < least || count > most) {
    const wanted = least === most ? `exactly ${least}` : `at least ${least}`;
    const usual = `Expression ${name} takes ${wanted} arguments. ${count} were passed in.`;
    throw arityError?.(count) ?? new CommandError(16020, usual);
  }
  const compiled = parts.map((part) => compile(part, variables));
  return (scope) => run(compiled.map((part) => part(scope)));
}

function compilePath(text: string, variables: ReadonlySet<string>): Expression {
  if (text === "$") throw new CommandError(16872, "'$' by itself is not a valid FieldPath");
  if (!text.startsWith("$$")) {
    const parts = fieldPath(text.slice(1));
    return (scope) => valueAt(scope.root, parts);
  }
  return compileVariable(text.slice(2), variables);
}

function compileVariable(path: string, variables: ReadonlySet<string>): Expression {
  const dot = path.indexOf(".");
  const name = dot < 0 ? path : path.slice(0, dot);
  if (name === "") throw failedToParse("empty variable names are not allowed");
  if (!/^[a-zA-Z]/.test(name)) {
    throw failedToParse(`'${name}' starts with an invalid character for a user variable name`);
  }
  if (/^[A-Z]/.test(name) && !SYSTEM_VARIABLES.has(name)) {
    throw unsupported(`The variable $$${name}`);
  }
  if (!variables.has(name) && !SYSTEM_VARIABLES.has(name)) {
    throw new CommandError(17276, `Use of undefined variable: ${name}`);
  }
  const rest = fieldPath(path).slice(1);
  if (name === "ROOT" || name === "CURRENT") return (scope) => valueAt(scope.root, rest);
  if (name === "REMOVE") return () => undefined;
  return (scope) => valueAt(scope.variables.get(name), rest);
}

/** Unlike in filters, a number in a path is no array index, and what scalars lack is left out. */
function valueAt(value: unknown, parts: readonly string[]): unknown {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  if (isDoc(value)) return valueAt(fieldOf(value, part), rest);
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((item: unknown) => {
    const found = isDoc(item) ? valueAt(item, parts) : undefined;
    return found === undefined ? [] : [found];
  });
}
