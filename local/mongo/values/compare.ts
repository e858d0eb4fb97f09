/**
 * The order and equality of BSON values across types.
 * Source: https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
 */
import {
  isBinary,
  isDecimal,
  isDoc,
  isLong,
  isObjectId,
  isRegex,
  isTimestamp,
  RANK,
  rankOf,
  toNumber,
} from "./types.ts";
import type { Doc } from "./types.ts";

/** Below it UTF-16 order is the order of UTF-8 bytes that MongoDB sorts by; above it surrogates interfere. */
const FIRST_SURROGATE = 0xd800;
const FIRST_AFTER_SURROGATES = 0xe000;

function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= FIRST_SURROGATE && y >= FIRST_SURROGATE) {
      const xIsAstral = x < FIRST_AFTER_SURROGATES;
      const yIsAstral = y < FIRST_AFTER_SURROGATES;
      if (xIsAstral !== yIsAstral) return xIsAstral ? 1 : -1;
    }
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function compareOrdered<T extends number | bigint>(a: T | number, b: T | number): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** A Long becomes a bigint, which JavaScript compares with a double exactly. */
function toComparable(value: unknown): number | bigint {
  if (isLong(value)) return value.toBigInt();
  return toNumber(value) ?? Number.NaN;
}

export function isNaNValue(value: unknown): boolean {
  return isDecimal(value) ? value.toString() === "NaN" : Number.isNaN(value);
}

function compareNumbers(a: unknown, b: unknown): number {
  const x = toComparable(a);
  const y = toComparable(b);
  // NaN sorts below every other number and equals itself.
  if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : -1;
  if (Number.isNaN(y)) return 1;
  return compareOrdered(x, y);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function compareDocs(a: Doc, b: Doc): number {
  const keysA = Object.keys(a);
  const keysB = Object.keys(b);
  const length = Math.min(keysA.length, keysB.length);
  for (let i = 0; i < length; i += 1) {
    const keyA = keysA[i] ?? "";
    const keyB = keysB[i] ?? "";
    const valueA = a[keyA];
    const valueB = b[keyB];
    // Field by field: the type first, then the name, then the value.
    const byType = rankOf(valueA) - rankOf(valueB);
    if (byType !== 0) return byType;
    const byName = compareStrings(keyA, keyB);
    if (byName !== 0) return byName;
    const byValue = compareValues(valueA, valueB);
    if (byValue !== 0) return byValue;
  }
  return keysA.length - keysB.length;
}

function compareArrays(a: unknown, b: unknown): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: unknown, b: unknown): number {
  if (isDoc(a) && isDoc(b)) return compareDocs(a, b);
  if (isObjectId(a) && isObjectId(b)) return compareBytes(a.id, b.id);
  if (isBinary(a) && isBinary(b)) {
    return a.length() - b.length() || a.sub_type - b.sub_type || compareBytes(a.value(), b.value());
  }
  if (isTimestamp(a) && isTimestamp(b)) return compareOrdered(a.toBigInt(), b.toBigInt());
  if (isRegex(a) && isRegex(b)) {
    return compareStrings(a.pattern, b.pattern) || compareStrings(a.options, b.options);
  }
  return compareStrings(JSON.stringify(a) ?? "", JSON.stringify(b) ?? "");
}

export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  const rank = rankOf(a);
  const byRank = rank - rankOf(b);
  if (byRank !== 0) return byRank;
  switch (rank) {
    case RANK.number:
      return compareNumbers(a, b);
    case RANK.string:
      return compareStrings(String(a), String(b));
    case RANK.bool:
      return Number(a) - Number(b);
    case RANK.array:
      return compareArrays(a, b);
    case RANK.null:
    case RANK.emptyArray:
    case RANK.minKey:
    case RANK.maxKey:
      return 0;
    default:
      return compareObjects(a, b);
  }
}

/** Equal as a filter sees it: numbers across their types, documents with their field order. */
export function sameValue(a: unknown, b: unknown): boolean {
  return compareValues(a, b) === 0;
}

/**
 * Equal also in type, which is what decides whether an update modified anything: int 1 and long 1
 * are the same value but not the same document.
 */
export function identical(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isDoc(a) && isDoc(b)) {
    const keysA = Object.keys(a);
    const keysB = Object.keys(b);
    return (
      keysA.length === keysB.length &&
      keysA.every((key, i) => key === keysB[i] && identical(a[key], b[key]))
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => identical(item, b[i]));
  }
  return typeof a === typeof b && isLong(a) === isLong(b) && sameValue(a, b);
}

/**
 * A string that two values share exactly when they are equal, for hash look-ups; null for the kinds
 * of values whose equality a string does not capture.
 */
export function hashKey(value: unknown): string | null {
  if (typeof value === "string") return `s${value}`;
  // Beyond 2^53 a double and a Long can be equal and print differently.
  if (typeof value === "number") {
    return Number.isNaN(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))
      ? null
      : `n${value}`;
  }
  if (isObjectId(value)) return `o${value.toHexString()}`;
  if (value instanceof Date) return `d${value.getTime()}`;
  if (typeof value === "boolean") return `b${value}`;
  if (isLong(value)) {
    const number = value.toNumber();
    return Number.isSafeInteger(number) ? `n${number}` : null;
  }
  return null;
}
