/**
 * The shapes of decoded BSON. int32 and double are JavaScript numbers, int64 stays `Long` whatever
 * its size (so that an update gives it back as int64), everything else is the `bson` class.
 * Source: https://www.mongodb.com/docs/manual/reference/bson-types/
 */
import type { Binary, BSONRegExp, Decimal128, Long, ObjectId, Timestamp } from "bson";

export type Doc = { [key: string]: unknown };

export function isDoc(value: unknown): value is Doc {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** The `bson` classes carry their name; `instanceof` would take a Timestamp for a Long. */
function bsonClass(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const name: unknown = Reflect.get(value, "_bsontype");
  return typeof name === "string" ? name : "";
}

export const isLong = (value: unknown): value is Long => bsonClass(value) === "Long";
export const isObjectId = (value: unknown): value is ObjectId => bsonClass(value) === "ObjectId";
export const isBinary = (value: unknown): value is Binary => bsonClass(value) === "Binary";
export const isRegex = (value: unknown): value is BSONRegExp => bsonClass(value) === "BSONRegExp";
export const isTimestamp = (value: unknown): value is Timestamp => bsonClass(value) === "Timestamp";
export const isDecimal = (value: unknown): value is Decimal128 => bsonClass(value) === "Decimal128";

/**
 * The sort order of types. `EMPTY_ARRAY` is where MongoDB files the sort key of `[]`: JavaScript's
 * `undefined` stands for it, and a missing field is filed as null.
 * Source: https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
 */
export const RANK = {
  minKey: 0,
  emptyArray: 1,
  null: 2,
  number: 3,
  string: 4,
  object: 5,
  array: 6,
  binary: 7,
  objectId: 8,
  bool: 9,
  date: 10,
  timestamp: 11,
  regex: 12,
  code: 13,
  maxKey: 14,
} as const;

const RANK_OF_CLASS: Readonly<Record<string, number>> = {
  ObjectId: RANK.objectId,
  Long: RANK.number,
  Decimal128: RANK.number,
  Binary: RANK.binary,
  Timestamp: RANK.timestamp,
  BSONRegExp: RANK.regex,
  MinKey: RANK.minKey,
  MaxKey: RANK.maxKey,
  Code: RANK.code,
};

export function rankOf(value: unknown): number {
  if (typeof value === "string") return RANK.string;
  if (typeof value === "number") return RANK.number;
  if (typeof value === "boolean") return RANK.bool;
  return value === undefined ? RANK.emptyArray : rankOfObject(value);
}

function rankOfObject(value: unknown): number {
  if (value === null) return RANK.null;
  if (Array.isArray(value)) return RANK.array;
  if (isDoc(value)) return RANK.object;
  if (value instanceof Date) return RANK.date;
  return RANK_OF_CLASS[bsonClass(value)] ?? RANK.object;
}

const TYPE_NAME_OF_RANK: Record<number, string> = {
  [RANK.minKey]: "minKey",
  [RANK.emptyArray]: "missing",
  [RANK.null]: "null",
  [RANK.string]: "string",
  [RANK.object]: "object",
  [RANK.array]: "array",
  [RANK.binary]: "binData",
  [RANK.objectId]: "objectId",
  [RANK.bool]: "bool",
  [RANK.date]: "date",
  [RANK.timestamp]: "timestamp",
  [RANK.regex]: "regex",
  [RANK.code]: "javascript",
  [RANK.maxKey]: "maxKey",
};

export const INT32_MAX = 2 ** 31 - 1;
export const INT32_MIN = -(2 ** 31);

/** The alias that `$type` and the error messages use. A whole double in int32's range reads as int. */
export function typeName(value: unknown): string {
  if (typeof value === "number") {
    return Number.isInteger(value) &&
      value >= INT32_MIN &&
      value <= INT32_MAX &&
      !Object.is(value, -0)
      ? "int"
      : "double";
  }
  if (isLong(value)) return "long";
  if (isDecimal(value)) return "decimal";
  return TYPE_NAME_OF_RANK[rankOf(value)] ?? "object";
}

/** A command's count or flag, which a client may send as int32, int64 or double. */
export function toNumber(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (isLong(value) || isDecimal(value)) return Number(value.toString());
  return null;
}
