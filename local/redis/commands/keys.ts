import { compileGlob } from "../glob.ts";
import { integerArgument } from "../numbers.ts";
import { OK, RedisError, StatusReply } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { keyless, read, syntaxError, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

const DEFAULT_SCAN_COUNT = 10;

/** @see https://redis.io/docs/latest/commands/del/ */
function deleteKeys({ keys }: CommandContext, args: Args): Reply {
  return args.filter((key) => keys.delete(key)).length;
}

/** A key named twice counts twice. @see https://redis.io/docs/latest/commands/exists/ */
function countExisting({ keys }: CommandContext, args: Args): Reply {
  return args.filter((key) => keys.get(key) !== undefined).length;
}

/**
 * SCAN with MATCH, COUNT, TYPE: filters apply to a page after it was read, so a page can be
 * empty before the end. @see https://redis.io/docs/latest/commands/scan/
 */
function scan({ keys }: CommandContext, [cursor = "", ...options]: Args): Reply {
  if (!/^-?\d{1,19}$/.test(cursor)) throw new RedisError("ERR invalid cursor");
  let count = DEFAULT_SCAN_COUNT;
  let matches = compileGlob("*");
  let isTypeWanted = true;
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1];
    if (value === undefined) throw syntaxError();
    const name = (options[at] ?? "").toUpperCase();
    if (name === "MATCH") matches = compileGlob(value);
    else if (name === "TYPE") isTypeWanted = value.toLowerCase() === "string";
    else if (name === "COUNT") count = integerArgument(value);
    else throw syntaxError();
    if (count < 1) throw syntaxError();
  }
  const { next, page } = keys.scan(Math.max(0, Number(cursor)), count);
  return [String(next), page.filter((key) => isTypeWanted && matches(key))];
}

/** @see https://redis.io/docs/latest/commands/flushall/ */
function flush({ keys }: CommandContext, [mode, ...rest]: Args): Reply {
  if (rest.length > 0 || (mode !== undefined && !/^(?:a?sync)$/i.test(mode))) throw syntaxError();
  keys.clear();
  return OK;
}

export const keyCommands: readonly CommandSpec[] = [
  write("DEL", -2, deleteKeys),
  write("UNLINK", -2, deleteKeys),
  read("EXISTS", -2, countExisting),
  read(
    "TYPE",
    2,
    ({ keys }, [key = ""]) => new StatusReply(keys.get(key) === undefined ? "none" : "string"),
  ),
  keyless("KEYS", 2, ({ keys }, [glob = ""]) => keys.keys().filter(compileGlob(glob))),
  keyless("SCAN", -2, scan),
  keyless("DBSIZE", 1, ({ keys }) => keys.keys().length),
  { ...keyless("FLUSHDB", -1, flush), isWrite: true },
  { ...keyless("FLUSHALL", -1, flush), isWrite: true },
];
