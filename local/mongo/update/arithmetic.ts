/** `$inc` and `$mul`. Source: https://www.mongodb.com/docs/manual/reference/operator/update/inc/ */
import { Long } from "bson";
import { badValue, typeMismatch, unsupported } from "../errors.ts";
import { calculateExactly } from "../values/numbers.ts";
import { shellText } from "../values/shell.ts";
import { isDecimal, isLong, RANK, rankOf, typeName } from "../values/types.ts";

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
