/** Source: https://www.mongodb.com/docs/manual/reference/command/insert/ */
import { ObjectId } from "bson";
import { badValue, unsupported } from "../errors.ts";
import { checkDepth, checkId } from "../values/limits.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { decode, encodeStored, MAX_DOCUMENT_BYTES, tooLarge } from "../wire/bson-codec.ts";
import { arrayArgument, flagArgument } from "../values/arguments.ts";
import { writtenNamespace } from "./arguments.ts";
import type { CommandDefinition } from "./context.ts";
import { checkBatch, runStatements, writeReply } from "./write-batch.ts";

export type Storable = { readonly doc: Doc; readonly raw: Uint8Array };

export function toStorable(bytes: Uint8Array): Storable {
  if (bytes.length > MAX_DOCUMENT_BYTES) throw tooLarge(bytes.length);
  const sent = decode(bytes);
  refuseReservedNames(sent);
  // JavaScript gives such a field a meaning of its own.
  if (Object.hasOwn(sent, "__proto__")) throw unsupported("A field named __proto__");
  checkDepth(sent);
  const names = Object.keys(sent);
  if (names[0] === "_id") {
    checkId(sent["_id"]);
    // A copy: the bytes are a view of the connection's buffer, which would be kept alive whole.
    return { doc: sent, raw: Uint8Array.prototype.slice.call(bytes) };
  }
  const { _id: id = new ObjectId(), ...rest } = sent;
  checkId(id);
  const doc: Doc = { _id: id, ...rest };
  return { doc, raw: encodeStored(doc) };
}

/** bson makes a DBRef of a document that has two of these. */
function refuseReservedNames(sent: unknown): void {
  const reserved = ["$ref", "$id", "$db"];
  const found = isDoc(sent) ? reserved.find((name) => Object.hasOwn(sent, name)) : "$ref";
  if (found === undefined) return;
  throw badValue(
    `${found} is a reserved fieldName and cannot be used. Please try another field name.`,
  );
}

export const insert: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: ["documents", "ordered", "bypassDocumentValidation"],
  run: (context, command) => {
    const documents = arrayArgument(command, "documents");
    checkBatch(documents);
    const namespace = writtenNamespace(command, context.database);
    const collection = context.store.ensure(namespace);
    let n = 0;
    const writeErrors = runStatements(
      documents,
      flagArgument(command, "ordered", true),
      (bytes) => {
        if (!(bytes instanceof Uint8Array)) throw badValue("a document to insert is not an object");
        const { doc, raw } = toStorable(bytes);
        context.store.insert(collection, doc, raw);
        n += 1;
      },
    );
    return writeReply({ n }, writeErrors);
  },
};
