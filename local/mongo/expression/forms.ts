/** The operators that decide themselves what of their operand is evaluated, and with which variables. */
import { badValue, CommandError, unsupported } from "../errors.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { callMingo } from "./mingo-functions.ts";
import type { Compile, Expression, Scope } from "./types.ts";

type Form = (operand: unknown, compile: Compile) => Expression;

/** Null, missing, false and zero are false; everything else is true. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false;
  return toNumber(value) !== 0;
}

const listOf = (operand: unknown): unknown[] => (Array.isArray(operand) ? operand : [operand]);

const withVariables = (scope: Scope, entries: readonly (readonly [string, unknown])[]): Scope => ({
  root: scope.root,
  variables: new Map([...scope.variables, ...entries]),
});

/** The named parts of an operand; `names` must be there, `optional` may be, others may not. */
function named(
  operator: string,
  operand: unknown,
  names: readonly string[],
  optional: readonly string[],
): Doc {
  if (!isDoc(operand)) throw badValue(`${operator} only supports an object as its argument`);
  const missing = names.find((name) => operand[name] === undefined);
  if (missing !== undefined) throw badValue(`Missing '${missing}' parameter to ${operator}`);
  const stray = Object.keys(operand).find((name) => ![...names, ...optional].includes(name));
  if (stray !== undefined) throw badValue(`Unrecognized parameter to ${operator}: ${stray}`);
  return operand;
}

function elementName(operator: string, parts: Doc): string {
  const name = parts["as"] ?? "this";
  if (typeof name === "string" && /^[a-z]\w*$/.test(name)) return name;
  throw new CommandError(16866, `'as' of ${operator} is not a valid variable name`);
}

function arrayOrNull(operator: string, value: unknown): unknown[] | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value as unknown[];
  throw badValue(`input to ${operator} must be an array`);
}

export const FORMS: Readonly<Record<string, Form>> = {
  $literal: (operand) => () => operand,

  $and: (operand, compile) => {
    const parts = listOf(operand).map((part) => compile(part));
    return (scope) => parts.every((part) => isTrue(part(scope)));
  },

  $or: (operand, compile) => {
    const parts = listOf(operand).map((part) => compile(part));
    return (scope) => parts.some((part) => isTrue(part(scope)));
  },

  $cond: (operand, compile) => {
    const parts = Array.isArray(operand)
      ? (operand as unknown[])
      : Object.values(orderedCond(named("$cond", operand, ["if", "then", "else"], [])));
    const [condition, yes, no] = parts.map((part) => compile(part));
    if (condition === undefined || yes === undefined || no === undefined || parts.length > 3) {
      throw new CommandError(16020, "Expression $cond takes exactly 3 arguments.");
    }
    return (scope) => (isTrue(condition(scope)) ? yes(scope) : no(scope));
  },

  $ifNull: (operand, compile) => {
    const parts = listOf(operand).map((part) => compile(part));
    if (parts.length < 2) {
      throw new CommandError(1257300, "$ifNull needs at least two arguments");
    }
    return (scope) => {
      let value: unknown;
      for (const part of parts) {
        value = part(scope);
        if (value !== null && value !== undefined) break;
      }
      return value;
    };
  },

  $let: (operand, compile) => {
    const parts = named("$let", operand, ["vars", "in"], []);
    const { vars } = parts;
    if (!isDoc(vars)) throw badValue("the 'vars' of $let must be an object");
    const values = Object.keys(vars).map((name) => [name, compile(vars[name])] as const);
    const body = compile(parts["in"], ...Object.keys(vars));
    return (scope) =>
      body(
        withVariables(
          scope,
          values.map(([name, value]) => [name, value(scope)] as const),
        ),
      );
  },

  $map: (operand, compile) => {
    const parts = named("$map", operand, ["input", "in"], ["as"]);
    const name = elementName("$map", parts);
    const [input, body] = [compile(parts["input"]), compile(parts["in"], name)];
    return (scope) => {
      const items = arrayOrNull("$map", input(scope));
      return items?.map((item) => body(withVariables(scope, [[name, item]])) ?? null) ?? null;
    };
  },

  $filter: (operand, compile) => {
    const parts = named("$filter", operand, ["input", "cond"], ["as"]);
    const name = elementName("$filter", parts);
    const [input, condition] = [compile(parts["input"]), compile(parts["cond"], name)];
    return (scope) => {
      const items = arrayOrNull("$filter", input(scope));
      return (
        items?.filter((item) => isTrue(condition(withVariables(scope, [[name, item]])))) ?? null
      );
    };
  },

  $reduce: (operand, compile) => {
    const parts = named("$reduce", operand, ["input", "initialValue", "in"], []);
    const input = compile(parts["input"]);
    const initial = compile(parts["initialValue"]);
    const body = compile(parts["in"], "this", "value");
    return (scope) => {
      const items = arrayOrNull("$reduce", input(scope));
      if (items === null) return null;
      return items.reduce<unknown>((value, item) => {
        const variables = [
          ["value", value],
          ["this", item],
        ] as const;
        return body(withVariables(scope, variables));
      }, initial(scope));
    };
  },

  $trim: (operand, compile) => {
    const parts = named("$trim", operand, ["input"], []);
    const input = compile(parts["input"]);
    return (scope) => {
      const text = input(scope);
      return text === null || text === undefined ? null : callMingo("$trim", [text], ["input"]);
    };
  },

  $dateToString: (operand, compile) => {
    const parts = named("$dateToString", operand, ["date", "format"], []);
    const { format } = parts;
    // The letters on which mingo and MongoDB agree.
    if (typeof format !== "string" || /%[^YmdHMSL%]/.test(format)) {
      throw unsupported("$dateToString with this format");
    }
    const date = compile(parts["date"]);
    return (scope) => {
      const value = date(scope);
      if (value === null || value === undefined) return null;
      if (!(value instanceof Date)) throw badValue("can't convert to Date");
      return callMingo("$dateToString", [value, format], ["date", "format"]);
    };
  },
};

const orderedCond = ({ if: condition, then: yes, else: no }: Doc): unknown[] => [
  condition,
  yes,
  no,
];
