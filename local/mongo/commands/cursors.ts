/** Source: https://www.mongodb.com/docs/manual/reference/command/getMore/ */
import { arrayArgument, countArgument, missing } from "../values/arguments.ts";
import { isLong, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";

function cursorId(value: unknown): bigint | null {
  if (isLong(value)) return value.toBigInt();
  const number = toNumber(value);
  return number === null || !Number.isInteger(number) ? null : BigInt(number);
}

export const getMore: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["collection", "batchSize"],
  run: (context, command) => {
    const id = cursorId(command["getMore"]);
    if (id === null || typeof command["collection"] !== "string")
      throw missing(command, "collection");
    // Zero means no limit here, unlike in find.
    const batchSize = countArgument(command, "batchSize") ?? 0;
    const namespace = `${context.database}.${command["collection"]}`;
    return context.cursors.more(id, namespace, batchSize === 0 ? Infinity : batchSize);
  },
};

/** https://www.mongodb.com/docs/manual/reference/command/killCursors/ */
export const killCursors: CommandDefinition = {
  isWrite: false,
  isRecorded: false,
  fields: ["cursors"],
  run: (context: CommandContext, command: Doc) => {
    const cursorsKilled: unknown[] = [];
    const cursorsNotFound: unknown[] = [];
    for (const value of arrayArgument(command, "cursors")) {
      const id = cursorId(value);
      const isKilled = id !== null && context.cursors.kill(id);
      (isKilled ? cursorsKilled : cursorsNotFound).push(value);
    }
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] };
  },
};
