import { parseInt64 } from "../numbers.ts";
import { OK, RedisError } from "../reply.ts";
import type { ByteString, Reply } from "../reply.ts";
import { keyless, wrongArity } from "./command.ts";
import type { Args, CommandContext, CommandSpec, Handler } from "./command.ts";

/** Splits what follows the script: the number of keys, the keys, the arguments. */
function splitKeys([count = "", ...rest]: Args): { keys: Args; args: Args } {
  const number = parseInt64(count);
  if (number === null) throw new RedisError("ERR value is not an integer or out of range");
  if (number > rest.length) {
    throw new RedisError("ERR Number of keys can't be greater than number of args");
  }
  if (number < 0n) throw new RedisError("ERR Number of keys can't be negative");
  return { keys: rest.slice(0, Number(number)), args: rest.slice(Number(number)) };
}

/**
 * EVAL and EVALSHA count as writes: only running them would tell. The _RO forms don't refuse
 * writes here. @see https://redis.io/docs/latest/commands/eval/
 */
function evaluate(name: string, isWrite: boolean, run: Handler): CommandSpec {
  return { name, arity: -3, isWrite, isAllowedInScripts: false, target: firstKey, run };
}

function firstKey([, count = "0", first = ""]: Args): ByteString {
  return count === "0" ? "" : first;
}

function evalText({ scripts }: CommandContext, [source = "", ...rest]: Args): Reply {
  const { keys, args } = splitKeys(rest);
  return scripts.eval(source, keys, args);
}

function evalSha1({ scripts }: CommandContext, [sha1 = "", ...rest]: Args): Reply {
  const { keys, args } = splitKeys(rest);
  return scripts.evalSha1(sha1, keys, args);
}

/** @see https://redis.io/docs/latest/commands/script/ */
function script({ scripts }: CommandContext, [subcommand = "", ...args]: Args): Reply {
  const [first] = args;
  switch (subcommand.toUpperCase()) {
    case "LOAD":
      if (first === undefined || args.length > 1) throw wrongArity("script|load");
      return scripts.load(first);
    case "EXISTS":
      if (first === undefined) throw wrongArity("script|exists");
      return args.map((sha1) => Number(scripts.has(sha1)));
    case "FLUSH":
      if (args.length > 1 || (first !== undefined && !/^a?sync$/i.test(first))) {
        throw new RedisError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
      }
      scripts.flush();
      return OK;
    default:
      throw new RedisError(`ERR unknown subcommand '${subcommand}'. Try SCRIPT HELP.`);
  }
}

export const scriptingCommands: readonly CommandSpec[] = [
  evaluate("EVAL", true, evalText),
  evaluate("EVALSHA", true, evalSha1),
  evaluate("EVAL_RO", false, evalText),
  evaluate("EVALSHA_RO", false, evalSha1),
  { ...keyless("SCRIPT", -2, script), isAllowedInScripts: false },
];
