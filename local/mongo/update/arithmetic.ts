/**
 * `$inc`, `$mul` and `$bit`.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/update-field/
 */
import { Long } from "bson";
import { badValue, typeMismatch, unsupported } from "../errors.ts";
import { calculateExactly } from "../values/numbers.ts";
import { shellText } from "../values/shell.ts";
import { isDecimal, isDoc, isLong, RANK, rankOf, typeName } from "../values/types.ts";

export type ArithmeticOperator = "$inc" | "$mul";

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
  const result = calculateExactly(operator === "$inc" ? "add" : "multiply", current, operand);
  if (result !== null) return result;
  throw badValue(
    `Failed to apply ${operator} operations to current value (${shellText(current)}) for document {_id: ${shellText(target.id)}}`,
  );
}

function zeroLike(operand: unknown): unknown {
  return isLong(operand) ? Long.ZERO : 0;
}

const BITWISE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

const isInteger = (value: unknown): boolean => isLong(value) || typeName(value) === "int";

/** https://www.mongodb.com/docs/manual/reference/operator/update/bit/ */
export function bitwise(current: unknown, operand: unknown, target: Target): unknown {
  const operations = isDoc(operand) ? Object.entries(operand) : [];
  if (operations.length === 0) {
    throw badValue(
      `The $bit modifier is not compatible with a ${typeName(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  if (current !== undefined && !isInteger(current)) {
    throw badValue(
      `Cannot apply $bit to a value of non-integral type. {_id: ${shellText(target.id)}} has the field '${target.path}' of non-integer type ${typeName(current)}`,
    );
  }
  let result: unknown = current ?? 0;
  for (const [name, bits] of operations) {
    const operation = Object.hasOwn(BITWISE, name) ? BITWISE[name] : undefined;
    if (operation === undefined) {
      throw badValue(
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${shellText(bits)}}`,
      );
    }
    if (!isInteger(bits)) {
      throw badValue(
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(bits)}' is not supported here: {${name}: ${shellText(bits)}}`,
      );
    }
    const bigints = [result, bits].map((value) => BigInt(String(value)));
    const combined = operation(bigints[0] ?? 0n, bigints[1] ?? 0n);
    result = isLong(result) || isLong(bits) ? Long.fromBigInt(combined) : Number(combined);
  }
  return result;
}
