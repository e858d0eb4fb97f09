import type { ByteString, Command } from "../reply.ts";
import { RedisError } from "../reply.ts";
import { wrongArity } from "./command.ts";
import type { CommandSpec } from "./command.ts";
import { expiryCommands } from "./expiry.ts";
import { keyCommands } from "./keys.ts";
import { scriptingCommands } from "./scripting.ts";
import { serverCommands } from "./server.ts";
import { stringCommands } from "./strings.ts";

const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map(
  [stringCommands, expiryCommands, keyCommands, scriptingCommands, serverCommands]
    .flat()
    .map((spec) => [spec.name, spec]),
);

export function findCommand(name: string): CommandSpec | undefined {
  return COMMANDS.get(name);
}

/** `arity` counts the name; a negative one is a minimum. */
export function hasValidArity(spec: CommandSpec, args: readonly ByteString[]): boolean {
  const count = args.length + 1;
  return spec.arity >= 0 ? count === spec.arity : count >= -spec.arity;
}

/** How much of a name, and of the arguments after it, an error repeats. */
const MAX_REPEATED_BYTES = 128;

/**
 * Redis's answer to a name that it doesn't know, byte for byte: the name as it was sent, then the
 * arguments until 128 bytes are full. @see https://github.com/redis/redis/blob/7.0.15/src/server.c
 */
export function unknownCommand({ sentName, args }: Command): RedisError {
  let repeated = "";
  for (const argument of args) {
    if (repeated.length >= MAX_REPEATED_BYTES) break;
    repeated += `'${cString(argument).slice(0, MAX_REPEATED_BYTES - repeated.length)}' `;
  }
  const name = cString(sentName).slice(0, MAX_REPEATED_BYTES);
  const message = `ERR unknown command '${name}', with args beginning with: ${repeated}`;
  return new RedisError(message.replaceAll(/[\r\n]/g, " "));
}

/** What C prints of a string: all before its first NUL. */
function cString(bytes: ByteString): ByteString {
  const end = bytes.indexOf("\0");
  return end < 0 ? bytes : bytes.slice(0, end);
}

/** The command's entry, or the error that it is refused with before it is carried out. */
export function resolveCommand(command: Command): CommandSpec | RedisError {
  const spec = COMMANDS.get(command.name);
  if (spec === undefined) return unknownCommand(command);
  return hasValidArity(spec, command.args) ? spec : wrongArity(command.name);
}
