import type { ByteString, Command } from "../reply.ts";
import { RedisError } from "../reply.ts";
import { wrongArity } from "./command.ts";
import type { CommandSpec } from "./command.ts";
import { expiryCommands } from "./expiry.ts";
import { hashCommands } from "./hashes.ts";
import { keyCommands } from "./keys.ts";
import { listCommands } from "./lists.ts";
import { scriptingCommands } from "./scripting.ts";
import { serverCommands } from "./server.ts";
import { setCommands } from "./sets.ts";
import { sortedSetRangeCommands } from "./sorted-set-ranges.ts";
import { sortedSetCommands } from "./sorted-sets.ts";
import { stringCommands } from "./strings.ts";

const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map(
  [
    stringCommands,
    expiryCommands,
    keyCommands,
    hashCommands,
    setCommands,
    sortedSetCommands,
    sortedSetRangeCommands,
    listCommands,
    scriptingCommands,
    serverCommands,
  ]
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

/**
 * Upstash's answer to what it doesn't serve, unknown names included: its own words, not Redis's.
 * Blocking commands, MULTI, WATCH and SUBSCRIBE mean nothing over single HTTP requests.
 * @see https://upstash.com/docs/redis/overall/compatibility
 */
export function notAvailable(name: string): RedisError {
  return new RedisError(
    `ERR Command is not available: '${name}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`,
  );
}

/** The command's entry, or the error that it is refused with before it is carried out. */
export function resolveCommand({ name, args }: Command): CommandSpec | RedisError {
  const spec = COMMANDS.get(name);
  if (spec === undefined) return notAvailable(name);
  return hasValidArity(spec, args) ? spec : wrongArity(name);
}
