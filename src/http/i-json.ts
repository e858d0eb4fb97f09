import { visit } from "jsonc-parser";
import type { InvalidField } from "../contract/problem.ts";
import { DomainError } from "../engine/errors.ts";

/** How deep a body may nest: whoever walks it later may do so by recursion. */
export const MAX_BODY_DEPTH = 128;

/** A body may be wrong in thousands of places; the first of them say enough. */
const MAX_FAULTS = 100;

/** Strings of digits longer than this are never a double's own. */
const MAX_PRECISION = 100;

/**
 * The value of a JSON text (RFC 8259) that arrives as it was sent: UTF-8, names that are unique
 * and not `__proto__`, no lone surrogates, numbers that a double holds, integers between -(2^53-1)
 * and 2^53-1, at most {@link MAX_BODY_DEPTH} levels. That is I-JSON (RFC 7493), but for
 * noncharacters, which survive. Throws `malformed_json`, or `invalid_request` with the path of each
 * value that would not survive.
 */
export function parseIJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const value = parse(text);
  const faults = faultsIn(text);
  const [first] = faults;
  if (first === undefined) return value;
  throw new DomainError("invalid_request", `${first.path || "body"}: ${first.message}`, faults);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new DomainError("malformed_json", "The body is not valid UTF-8. Send JSON in UTF-8.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError(
      "malformed_json",
      "The body could not be read as JSON. Send a JSON object.",
    );
  }
}

/** What of a text that is JSON would be lost or altered. */
function faultsIn(text: string): readonly InvalidField[] {
  const faults: InvalidField[] = [];
  const names: Set<string>[] = [];
  let depth = 0;
  const report = (path: readonly (string | number)[], message: string) => {
    if (faults.length < MAX_FAULTS) faults.push({ path: path.map(shown).join("."), message });
  };
  /** Objects and arrays deeper than that are not looked into. */
  const enter = (path: () => readonly (string | number)[]): boolean => {
    depth += 1;
    if (depth <= MAX_BODY_DEPTH) return true;
    throw tooDeep(path().map(shown).join("."));
  };
  visit(text, {
    onObjectBegin: (_offset, _length, _line, _character, path) => {
      names.push(new Set());
      return enter(path);
    },
    onObjectProperty: (name, _offset, _length, _line, _character, path) => {
      const seen = names.at(-1);
      if (seen?.has(name) === true) report([...path(), name], "expected each name once");
      seen?.add(name);
      if (name === "__proto__") report([...path(), name], "expected another name than __proto__");
      if (!name.isWellFormed()) report([...path(), name], LONE_SURROGATE);
    },
    onObjectEnd: () => {
      names.pop();
      depth -= 1;
    },
    onArrayBegin: (_offset, _length, _line, _character, path) => enter(path),
    onArrayEnd: () => {
      depth -= 1;
    },
    onLiteralValue: (value: unknown, offset, length, _line, _character, path) => {
      if (typeof value === "string" && !value.isWellFormed()) report(path(), LONE_SURROGATE);
      if (typeof value !== "number") return;
      const message = numberFault(text.slice(offset, offset + length), value);
      if (message !== null) report(path(), message);
    },
  });
  return faults;
}

const LONE_SURROGATE = "expected Unicode text, without half of a surrogate pair";

/** A path stands in the answer, which must be text itself. */
function shown(step: string | number): string {
  return String(step).toWellFormed();
}

function tooDeep(path: string): DomainError {
  const message = `expected at most ${MAX_BODY_DEPTH} levels of JSON`;
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}

/**
 * What is wrong with a number: a double must give back the digits that were written. An integer
 * beyond 2^53-1 may have been rounded by its sender already.
 */
function numberFault(source: string, value: number): string | null {
  if (/^-?\d{1,15}$/.test(source)) return null;
  const [, whole = "", fraction = ""] = /^-?(\d+)(?:\.(\d+))?/.exec(source) ?? [];
  if (whole.length === source.replace("-", "").length && !Number.isSafeInteger(value)) {
    return "expected an integer between -(2^53-1) and 2^53-1; send a larger one as text";
  }
  const digits = `${whole}${fraction}`.replace(/^0+/, "").replace(/0+$/, "");
  if (digits === "") return null;
  const isKept =
    Number.isFinite(value) &&
    digits.length <= MAX_PRECISION &&
    digitsOf(value, digits.length) === digits;
  return isKept
    ? null
    : "expected a number that a 64-bit float holds; send a more exact one as text";
}

/** A number's first digits, without the zeros at either end. */
function digitsOf(value: number, count: number): string {
  const [mantissa = ""] = Math.abs(value)
    .toExponential(count - 1)
    .split("e");
  return mantissa.replace(".", "").replace(/0+$/, "");
}
