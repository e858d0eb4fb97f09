/** Source: https://www.mongodb.com/docs/manual/reference/command/update/ */
import { CommandError, failedToParse, typeMismatch } from "../errors.ts";
import type { Collection } from "../storage/collection.ts";
import type { StoredRecord } from "../storage/record.ts";
import { applyUpdate } from "../update/apply.ts";
import type { UpdateContext } from "../update/apply.ts";
import { parseUpdate } from "../update/parse.ts";
import type { ParsedUpdate } from "../update/parse.ts";
import { parseArrayFilters } from "../update/positional.ts";
import { upsertedDoc } from "../update/upsert.ts";
import { identical } from "../values/compare.ts";
import { checkDepth, checkId } from "../values/limits.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { encodeStored } from "../wire/bson-codec.ts";
import { arrayArgument, docArgument, flagArgument } from "../values/arguments.ts";
import { checkFields, writtenNamespace } from "./arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { query } from "./find.ts";
import { checkHint } from "./hint.ts";
import { checkBatch, runStatements, writeReply } from "./write-batch.ts";

/** One element of `updates`, checked with the same rules as a command's fields. */
const STATEMENT: CommandDefinition = {
  isWrite: true,
  isRecorded: false,
  fields: ["q", "u", "multi", "upsert", "hint", "arrayFilters"],
  refused: ["collation", "c", "sort"],
  run: () => ({}),
};

/** Whether the document is another one now. What is equal to the last byte is not written. */
export function writeUpdated(
  context: CommandContext,
  collection: Collection,
  record: StoredRecord,
  doc: Doc,
): boolean {
  if (identical(record.doc, doc)) return false;
  checkDepth(doc);
  context.store.replace(collection, record, doc, encodeStored(doc));
  return true;
}

export function insertUpserted(
  context: CommandContext,
  collection: Collection,
  update: ParsedUpdate,
  updateContext: UpdateContext,
): StoredRecord {
  const doc = upsertedDoc(update, updateContext);
  checkId(doc["_id"]);
  checkDepth(doc);
  return context.store.insert(collection, doc, encodeStored(doc));
}

type Outcome = { matched: number; modified: number; upsertedId?: unknown };

function runStatement(context: CommandContext, namespace: string, statement: Doc): Outcome {
  const filter = docArgument(statement, "q");
  const isMulti = flagArgument(statement, "multi");
  const update = parseUpdate(statement["u"]);
  if (isMulti && update.kind === "replacement") {
    throw failedToParse("multi update is not supported for replacement-style update");
  }
  const updateContext: UpdateContext = {
    filter,
    arrayFilters: parseArrayFilters(arrayArgument(statement, "arrayFilters")),
    now: context.now(),
    isInsert: false,
  };
  const limit = isMulti ? Infinity : 1;
  checkHint(context.store.find(namespace), statement["hint"]);
  const { records } = query(context, namespace, { filter, sort: [], skip: 0, limit });
  const outcome: Outcome = { matched: records.length, modified: 0 };
  if (records.length === 0) {
    if (!flagArgument(statement, "upsert")) return outcome;
    const collection = context.store.ensure(namespace);
    const record = insertUpserted(context, collection, update, updateContext);
    return { matched: 1, modified: 0, upsertedId: record.doc["_id"] };
  }
  const collection = context.store.ensure(namespace);
  for (const record of records) {
    const doc = applyUpdate(record.doc, update, updateContext);
    if (writeUpdated(context, collection, record, doc)) outcome.modified += 1;
  }
  return outcome;
}

export const update: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: ["updates", "ordered", "bypassDocumentValidation"],
  refused: ["let"],
  run: (context, command) => {
    const statements = arrayArgument(command, "updates");
    checkBatch(statements);
    const namespace = writtenNamespace(command, context.database);
    let n = 0;
    let nModified = 0;
    const upserted: Doc[] = [];
    const isOrdered = flagArgument(command, "ordered", true);
    const writeErrors = runStatements(statements, isOrdered, (statement, index) => {
      if (!isDoc(statement)) throw typeMismatch("an element of update.updates is not an object");
      if (statement["u"] === undefined) {
        throw new CommandError(
          40414,
          "BSON field 'update.updates.u' is missing but a required field",
        );
      }
      const named = { "update.updates": true, ...statement };
      checkFields(named, STATEMENT);
      const outcome = runStatement(context, namespace, named);
      n += outcome.matched;
      nModified += outcome.modified;
      if (Object.hasOwn(outcome, "upsertedId")) upserted.push({ index, _id: outcome.upsertedId });
    });
    const counts = upserted.length === 0 ? { n, nModified } : { n, upserted, nModified };
    return writeReply(counts, writeErrors);
  },
};
