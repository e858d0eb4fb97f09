/**
 * Arithmetic across number types: int32 grows to int64 when it has to, a double makes a double, and
 * decimals are refused.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/update/inc/
 */
import { Long } from "bson";
import { unsupported } from "../errors.ts";
import { INT32_MAX, INT32_MIN, isDecimal, isLong, toNumber, typeName } from "./types.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const OPERATIONS = {
  add: { ofIntegers: (a: bigint, b: bigint) => a + b, ofDoubles: (a: number, b: number) => a + b },
  subtract: {
    ofIntegers: (a: bigint, b: bigint) => a - b,
    ofDoubles: (a: number, b: number) => a - b,
  },
  multiply: {
    ofIntegers: (a: bigint, b: bigint) => a * b,
    ofDoubles: (a: number, b: number) => a * b,
  },
  // The sign is the dividend's, in C++ as in JavaScript.
  remainder: {
    ofIntegers: (a: bigint, b: bigint) => a % b,
    ofDoubles: (a: number, b: number) => a % b,
  },
};

export type Operation = keyof typeof OPERATIONS;

const toBigInt = (value: unknown): bigint =>
  isLong(value) ? value.toBigInt() : BigInt(toNumber(value) ?? 0);

const toDouble = (value: unknown): number => toNumber(value) ?? Number.NaN;

/** Both operands are numbers of any type; null when the result is beyond int64. */
export function calculateExactly(operation: Operation, a: unknown, b: unknown): unknown {
  if (isDecimal(a) || isDecimal(b)) throw unsupported("Arithmetic on decimals");
  const { ofIntegers, ofDoubles } = OPERATIONS[operation];
  if (typeName(a) === "double" || typeName(b) === "double") {
    return ofDoubles(toDouble(a), toDouble(b));
  }
  const result = ofIntegers(toBigInt(a), toBigInt(b));
  const isWide = isLong(a) || isLong(b);
  if (!isWide && result <= INT32_MAX && result >= INT32_MIN) return Number(result);
  return result > INT64_MAX || result < INT64_MIN ? null : Long.fromBigInt(result);
}

/** As expressions and accumulators do it: what is beyond int64 becomes a double. */
export function calculateWidening(operation: Operation, a: unknown, b: unknown): unknown {
  return (
    calculateExactly(operation, a, b) ?? OPERATIONS[operation].ofDoubles(toDouble(a), toDouble(b))
  );
}
