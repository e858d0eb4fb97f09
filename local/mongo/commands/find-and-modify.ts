/** Source: https://www.mongodb.com/docs/manual/reference/command/findAndModify/ */
import { CommandError, failedToParse } from "../errors.ts";
import { compileProjection } from "../query/projection.ts";
import { parseSort } from "../query/sort.ts";
import { applyUpdate } from "../update/apply.ts";
import type { UpdateContext } from "../update/apply.ts";
import { parseUpdate } from "../update/parse.ts";
import { parseArrayFilters } from "../update/positional.ts";
import type { Doc } from "../values/types.ts";
import { arrayArgument, docArgument, flagArgument } from "../values/arguments.ts";
import { writtenNamespace } from "./arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { query } from "./find.ts";
import { checkHint } from "./hint.ts";
import { insertUpserted, writeUpdated } from "./update.ts";

type Outcome = { readonly lastErrorObject: Doc; readonly value: Doc | null };

function remove(context: CommandContext, namespace: string, command: Doc): Outcome {
  if (command["update"] !== undefined) {
    throw failedToParse("Cannot specify both an update and remove=true");
  }
  if (flagArgument(command, "upsert"))
    throw failedToParse("Cannot specify both upsert=true and remove=true");
  if (flagArgument(command, "new")) {
    throw failedToParse(
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  }
  const record = findOne(context, namespace, command);
  const collection = context.store.find(namespace);
  if (record === undefined || collection === undefined)
    return { lastErrorObject: { n: 0 }, value: null };
  context.store.delete(collection, record);
  return { lastErrorObject: { n: 1 }, value: record.doc };
}

function findOne(context: CommandContext, namespace: string, command: Doc) {
  const sort = parseSort(docArgument(command, "sort"));
  const filter = docArgument(command, "query");
  checkHint(context.store.find(namespace), command["hint"]);
  return query(context, namespace, { filter, sort, skip: 0, limit: 1 }).records[0];
}

function modify(context: CommandContext, namespace: string, command: Doc): Outcome {
  if (command["update"] === undefined) {
    throw failedToParse("Either an update or remove=true must be specified");
  }
  const update = parseUpdate(command["update"]);
  const updateContext: UpdateContext = {
    filter: docArgument(command, "query"),
    arrayFilters: parseArrayFilters(arrayArgument(command, "arrayFilters")),
    now: context.now(),
    isInsert: false,
  };
  const wantsNew = flagArgument(command, "new");
  const record = findOne(context, namespace, command);
  if (record === undefined) {
    if (!flagArgument(command, "upsert")) {
      return { lastErrorObject: { n: 0, updatedExisting: false }, value: null };
    }
    const inserted = insertUpserted(
      context,
      context.store.ensure(namespace),
      update,
      updateContext,
    );
    const upserted = inserted.doc["_id"];
    return {
      lastErrorObject: { n: 1, updatedExisting: false, upserted },
      value: wantsNew ? inserted.doc : null,
    };
  }
  const before = record.doc;
  writeUpdated(
    context,
    context.store.ensure(namespace),
    record,
    applyUpdate(before, update, updateContext),
  );
  return {
    lastErrorObject: { n: 1, updatedExisting: true },
    value: wantsNew ? record.doc : before,
  };
}

export const findAndModify: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: [
    "query",
    "sort",
    "remove",
    "update",
    "new",
    "fields",
    "upsert",
    "arrayFilters",
    "hint",
    "bypassDocumentValidation",
  ],
  refused: ["collation", "let"],
  run: (context, command) => {
    const namespace = writtenNamespace(command, context.database);
    const project = compileProjection(docArgument(command, "fields"));
    const { lastErrorObject, value } = withPrefix(() =>
      flagArgument(command, "remove")
        ? remove(context, namespace, command)
        : modify(context, namespace, command),
    );
    return {
      lastErrorObject,
      value: value === null || project === null ? value : project(value),
    };
  },
};

/** The server names the phase in which a write of findAndModify failed. */
function withPrefix<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 11000) throw error;
    throw new CommandError(
      error.code,
      `Plan executor error during findAndModify :: caused by :: ${error.message}`,
      error.details,
    );
  }
}
