/** Which fields a command may have, and the one that names its collection. */
import { badValue, CommandError, unsupported } from "../errors.ts";
import { countArgument, docArgument, nameOf } from "../values/arguments.ts";
import { isDoc, toNumber, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { CommandDefinition } from "./context.ts";

/** Understood, or safely of no effect, on every command. */
const SHARED_FIELDS = new Set([
  "$db",
  "$clusterTime",
  "$readPreference",
  "lsid",
  "readConcern",
  "writeConcern",
  "comment",
  "maxTimeMS",
  "apiVersion",
  "apiStrict",
  "apiDeprecationErrors",
]);

const TRANSACTION_FIELDS = new Set(["txnNumber", "startTransaction", "autocommit"]);

/**
 * Every write of this server is as durable as it gets before it is answered, so that only what a
 * standalone server refuses is refused.
 * Source: https://www.mongodb.com/docs/manual/reference/write-concern/
 */
function checkWriteConcern(command: Doc): void {
  const concern = docArgument(command, "writeConcern");
  const members = toNumber(concern["w"]);
  if (members !== null && members > 1) {
    throw badValue("cannot use 'w' > 1 when a host is not replicated");
  }
}

/** What all commands share, checked for all of them. No command runs long enough to time out. */
export function checkShared(command: Doc): void {
  checkWriteConcern(command);
  countArgument(command, "maxTimeMS");
}

export function checkFields(command: Doc, definition: CommandDefinition): void {
  const [name = "", ...fields] = Object.keys(command);
  for (const field of fields) {
    if (SHARED_FIELDS.has(field) || definition.fields.includes(field)) continue;
    if (TRANSACTION_FIELDS.has(field)) {
      throw new CommandError(
        20,
        "Transaction numbers are only allowed on a replica set member or mongos",
      );
    }
    if (definition.refused?.includes(field) !== true) {
      throw new CommandError(40415, `BSON field '${name}.${field}' is an unknown field.`);
    }
    if (isSet(command[field])) throw unsupported(`'${field}' of ${name}`);
  }
}

/** Drivers send some options with their default. A simple collation is none at all. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (!isDoc(value)) return true;
  return Object.keys(value).length > 0 && value["locale"] !== "simple";
}

/** MongoDB lets a client write to these; this server gives them no meaning. */
const SERVED_BY_MONGODB = /^system\.(?:js|users|roles|version|keys|sessions|buckets\..*)$/;

/** The namespace that a command writes to: none that is the system's. */
export function writtenNamespace(command: Doc, database: string): string {
  const name = collectionName(command);
  const namespace = `${database}.${name}`;
  if (!name.startsWith("system.")) return namespace;
  if (SERVED_BY_MONGODB.test(name)) throw unsupported(`The collection ${name}`);
  throw new CommandError(
    73,
    name === "system.profile" || name === "system.views"
      ? `cannot write to ${namespace}`
      : `Invalid system namespace: ${namespace}`,
  );
}

/** The command's own value: the collection that it is about. */
export function collectionName(command: Doc): string {
  const name = nameOf(command);
  const value = command[name];
  if (typeof value !== "string") {
    throw new CommandError(73, `collection name has invalid type ${typeName(value)}`);
  }
  if (value === "") throw new CommandError(73, "Invalid namespace: the collection name is empty");
  return value;
}
