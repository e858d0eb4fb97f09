import type { Keyspace } from "../keyspace.ts";
import type { ByteString, Reply } from "../reply.ts";
import { RedisError } from "../reply.ts";
import type { ScriptCache } from "../script-cache.ts";

/** What a command may touch. */
export type CommandContext = {
  readonly keys: Keyspace;
  readonly scripts: ScriptCache;
};

export type Args = readonly ByteString[];
export type Handler = (context: CommandContext, args: Args) => Reply;

export type CommandSpec = {
  readonly name: string;
  /** As COMMAND INFO counts: with the name; negative: at least so many. */
  readonly arity: number;
  readonly isWrite: boolean;
  readonly isAllowedInScripts: boolean;
  /** The key that an {@link Operation} names: the first one, or "". */
  readonly target: (args: Args) => ByteString;
  readonly run: Handler;
};

const firstArgument = (args: Args): ByteString => args[0] ?? "";
const noTarget = (): ByteString => "";

/** A command that only reads its key. */
export function read(name: string, arity: number, run: Handler): CommandSpec {
  return { name, arity, isWrite: false, isAllowedInScripts: true, target: firstArgument, run };
}

/** A command that may change its key. */
export function write(name: string, arity: number, run: Handler): CommandSpec {
  return { ...read(name, arity, run), isWrite: true };
}

/** A command that names no key. */
export function keyless(name: string, arity: number, run: Handler): CommandSpec {
  return { ...read(name, arity, run), target: noTarget };
}

export function syntaxError(): RedisError {
  return new RedisError("ERR syntax error");
}

export function wrongArity(name: string): RedisError {
  return new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
}

/** A list of alternating names and values, which must come in pairs. */
export function pairs(name: string, list: Args): [ByteString, ByteString][] {
  if (list.length === 0 || list.length % 2 !== 0) throw wrongArity(name);
  const result: [ByteString, ByteString][] = [];
  for (let at = 0; at < list.length; at += 2) result.push([list[at] ?? "", list[at + 1] ?? ""]);
  return result;
}
