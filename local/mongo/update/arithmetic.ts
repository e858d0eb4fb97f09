/** `$inc` and `$mul`. Source: https://www.mongodb.com/docs/manual/reference/operator/update/inc/ */
import { Long } from "bson";
import { badValue, typeMismatch, unsupported } from "../errors.ts";
import { shellText } from "../values/shell.ts";
import {
  INT32_MAX,
  INT32_MIN,
  isDecimal,
  isLong,
  RANK,
  rankOf,
  toNumber,
  typeName,
} from "../values/types.ts";

export type ArithmeticOperator = "$inc" | "$mul";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

type Target = { readonly path: string; readonly id: unknown };

export function calculate(
  operator: ArithmeticOperator,
  current: unknown,
  operand: unknown,
  target: Target,
): unknown {
  const verb = operator === "$inc" ? "increment" : "multiply";
  if (rankOf(operand) !== RANK.number) {
    throw typeMismatch(
      `Cannot ${verb} with non-numeric argument: {${target.path}: ${shellText(operand)}}`,
    );
  }
  if (isDecimal(current) || isDecimal(operand)) throw unsupported(`${operator} with a decimal`);
  if (current === undefined) return operator === "$inc" ? operand : zeroLike(operand);
  if (rankOf(current) !== RANK.number) {
    throw typeMismatch(
      `Cannot apply ${operator} to a value of non-numeric type. {_id: ${shellText(target.id)}} has the field '${target.path.split(".").at(-1)}' of non-numeric type ${typeName(current)}`,
    );
  }
  if (isDouble(current) || isDouble(operand)) {
    const [a, b] = [toNumber(current) ?? Number.NaN, toNumber(operand) ?? Number.NaN];
    return operator === "$inc" ? a + b : a * b;
  }
  const [a, b] = [toBigInt(current), toBigInt(operand)];
  return fit(operator === "$inc" ? a + b : a * b, isLong(current) || isLong(operand), () =>
    badValue(
      `Failed to apply ${operator} operations to current value (${shellText(current)}) for document {_id: ${shellText(target.id)}}`,
    ),
  );
}

const toBigInt = (value: unknown): bigint =>
  isLong(value) ? value.toBigInt() : BigInt(toNumber(value) ?? 0);

const isDouble = (value: unknown): boolean => typeName(value) === "double";

function zeroLike(operand: unknown): unknown {
  return isLong(operand) ? Long.ZERO : 0;
}

/** int32 grows to int64 when the result needs it; int64 stays, and overflows with an error. */
function fit(result: bigint, isWide: boolean, overflow: () => Error): unknown {
  if (!isWide && result <= INT32_MAX && result >= INT32_MIN) return Number(result);
  if (result > INT64_MAX || result < INT64_MIN) throw overflow();
  return Long.fromBigInt(result);
}
