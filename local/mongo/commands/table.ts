/** Every command that this server knows, and how a request becomes one. */
import { Double } from "bson";
import type { PreparedCommand } from "../wire/connection.ts";
import { CommandError, errorReply } from "../errors.ts";
import type { Doc } from "../values/types.ts";
import { decode, decodeKeepingRaw, encode, firstFieldName } from "../wire/bson-codec.ts";
import type { Request } from "../wire/message.ts";
import { aggregate } from "./aggregate.ts";
import { checkFields, checkShared } from "./arguments.ts";
import { create, drop, dropDatabase, listCollections, listDatabases } from "./catalog.ts";
import type { CommandContext, CommandDefinition, Reply } from "./context.ts";
import { getMore, killCursors } from "./cursors.ts";
import { deleteCommand } from "./delete.ts";
import { explain } from "./explain.ts";
import { findAndModify } from "./find-and-modify.ts";
import { count, distinct, find } from "./find.ts";
import { acknowledge, buildInfo, hello, isMaster } from "./handshake.ts";
import { createIndexes, dropIndexes, listIndexes } from "./indexes.ts";
import { insert } from "./insert.ts";
import { update } from "./update.ts";

/** Drivers take any number for it; MongoDB sends a double. */
const OK = new Double(1);

const COMMANDS = new Map<string, CommandDefinition>([
  ["hello", hello],
  ["isMaster", isMaster],
  ["ismaster", isMaster],
  ["ping", acknowledge],
  ["endSessions", acknowledge],
  ["buildInfo", buildInfo],
  ["buildinfo", buildInfo],
  ["insert", insert],
  ["find", find],
  ["getMore", getMore],
  ["killCursors", killCursors],
  ["update", update],
  ["delete", deleteCommand],
  ["findAndModify", findAndModify],
  ["findandmodify", findAndModify],
  ["aggregate", aggregate],
  ["count", count],
  ["distinct", distinct],
  ["createIndexes", createIndexes],
  ["listIndexes", listIndexes],
  ["dropIndexes", dropIndexes],
  ["create", create],
  ["drop", drop],
  ["dropDatabase", dropDatabase],
  ["listCollections", listCollections],
  ["listDatabases", listDatabases],
  ["explain", explain],
]);

function decodeCommand(request: Request, name: string): Doc {
  // The documents of an insert are kept as bytes: they are stored as they came.
  const command =
    name === "insert" ? decodeKeepingRaw(request.body, "documents") : decode(request.body);
  for (const [field, documents] of request.sequences) {
    command[field] = name === "insert" && field === "documents" ? documents : documents.map(decode);
  }
  return command;
}

function targetOf(name: string, command: Doc): string {
  const value = name === "getMore" ? command["collection"] : command[name];
  return typeof value === "string" ? value : "";
}

/** Defects of this server are answered too, so that a test sees its cause and not a time-out. */
function answer(run: () => Reply): Uint8Array {
  try {
    const reply = run();
    return reply instanceof Uint8Array ? reply : encode({ ...reply, ok: OK });
  } catch (error) {
    if (error instanceof CommandError) return encode(errorReply(error));
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return encode(errorReply(new CommandError(8, text)));
  }
}

export type CommandDeps = Omit<CommandContext, "database">;

export function prepareCommand(request: Request, deps: CommandDeps): PreparedCommand {
  const name = firstFieldName(request.body);
  const definition = COMMANDS.get(name);
  if (definition === undefined) {
    const error = new CommandError(59, `no such command: '${name}'`);
    return { operation: null, run: () => encode(errorReply(error)) };
  }
  let command: Doc;
  try {
    command = decodeCommand(request, name);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const invalid = new CommandError(22, `invalid BSON: ${reason}`);
    return { operation: null, run: () => encode(errorReply(invalid)) };
  }
  const { isRecorded, isWrite } = definition;
  // As in the protocol, the case of a command's name makes no difference to what is recorded.
  const recordedName = name === "findandmodify" ? "findAndModify" : name;
  return {
    operation: isRecorded ? { name: recordedName, target: targetOf(name, command), isWrite } : null,
    run: () => answer(() => execute(definition, command, request, deps)),
  };
}

function execute(
  definition: CommandDefinition,
  command: Doc,
  request: Request,
  deps: CommandDeps,
): Reply {
  const database = request.database ?? command["$db"];
  if (typeof database !== "string" || database === "") {
    throw new CommandError(40571, "OP_MSG requests require a $db argument");
  }
  checkFields(command, definition);
  checkShared(command);
  try {
    return definition.run({ ...deps, database }, command);
  } finally {
    if (definition.isWrite) deps.store.flush();
  }
}
