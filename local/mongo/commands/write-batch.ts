/**
 * What insert, update and delete share: a list of statements, each of which may fail by itself.
 * Source: https://www.mongodb.com/docs/manual/reference/command/insert/#output
 */
import { CommandError } from "../errors.ts";
import type { Doc } from "../values/types.ts";

/** https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-Write-Command-Batch-Limit-Size */
export const MAX_WRITE_BATCH = 100_000;

export function checkBatch(statements: readonly unknown[]): void {
  if (statements.length === 0 || statements.length > MAX_WRITE_BATCH) {
    throw new CommandError(
      16,
      `Write batch sizes must be between 1 and ${MAX_WRITE_BATCH}. Got ${statements.length} operations.`,
    );
  }
}

/** Ordered: stops at the first failure. Unordered: tries them all. */
export function runStatements<T>(
  statements: readonly T[],
  isOrdered: boolean,
  run: (statement: T, index: number) => void,
): Doc[] {
  const writeErrors: Doc[] = [];
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const { code, message: errmsg, details } = error;
      writeErrors.push({ index, code, ...details, errmsg });
      if (isOrdered) break;
    }
  }
  return writeErrors;
}

export function writeReply(counts: Doc, writeErrors: readonly Doc[]): Doc {
  return writeErrors.length === 0 ? { ...counts } : { ...counts, writeErrors };
}
