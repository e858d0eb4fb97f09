/** Source: https://www.mongodb.com/docs/manual/reference/command/delete/ */
import { CommandError, typeMismatch } from "../errors.ts";
import { isDoc, toNumber } from "../values/types.ts";
import { arrayArgument, docArgument, flagArgument } from "../values/arguments.ts";
import { checkFields, writtenNamespace } from "./arguments.ts";
import type { CommandDefinition } from "./context.ts";
import { query } from "./find.ts";
import { checkHint } from "./hint.ts";
import { checkBatch, runStatements, writeReply } from "./write-batch.ts";

const STATEMENT: CommandDefinition = {
  isWrite: true,
  isRecorded: false,
  fields: ["q", "limit", "hint"],
  refused: ["collation"],
  run: () => ({}),
};

export const deleteCommand: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: ["deletes", "ordered"],
  refused: ["let"],
  run: (context, command) => {
    const statements = arrayArgument(command, "deletes");
    checkBatch(statements);
    const namespace = writtenNamespace(command, context.database);
    let n = 0;
    const isOrdered = flagArgument(command, "ordered", true);
    const writeErrors = runStatements(statements, isOrdered, (statement) => {
      if (!isDoc(statement)) throw typeMismatch("an element of delete.deletes is not an object");
      const named = { "delete.deletes": true, ...statement };
      checkFields(named, STATEMENT);
      const limit = toNumber(statement["limit"]);
      if (limit !== 0 && limit !== 1) {
        throw new CommandError(
          9,
          `The limit field in delete objects must be 0 or 1. Got ${String(statement["limit"])}`,
        );
      }
      const filter = docArgument(named, "q");
      checkHint(context.store.find(namespace), statement["hint"]);
      const { records } = query(context, namespace, {
        filter,
        sort: [],
        skip: 0,
        limit: limit || Infinity,
      });
      const collection = context.store.find(namespace);
      if (collection === undefined) return;
      for (const record of records) context.store.delete(collection, record);
      n += records.length;
    });
    return writeReply({ n }, writeErrors);
  },
};
