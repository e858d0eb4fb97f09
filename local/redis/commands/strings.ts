import { INT64_MAX, INT64_MIN, integerReply, parseInt64 } from "../numbers.ts";
import { OK, RedisError } from "../reply.ts";
import type { ByteString, Reply } from "../reply.ts";
import { pairs, read, syntaxError, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";
import { readExpiry } from "./expiry.ts";

function stringAt({ keys }: CommandContext, key: ByteString): ByteString | null {
  return keys.get(key)?.value ?? null;
}

type SetOptions = {
  nx: boolean;
  xx: boolean;
  get: boolean;
  keepTtl: boolean;
  persist: boolean;
  expiresAtMs: number | null;
};

type SetFlag = "nx" | "xx" | "get" | "keepTtl" | "persist";

const SET_FLAGS: ReadonlyMap<string, SetFlag> = new Map([
  ["NX", "nx"],
  ["XX", "xx"],
  ["GET", "get"],
  ["KEEPTTL", "keepTtl"],
]);
const GETEX_FLAGS: ReadonlyMap<string, SetFlag> = new Map([["PERSIST", "persist"]]);

/** Reads the options of SET and GETEX, where only one of the expiry options may stand. */
function readOptions(
  command: "SET" | "GETEX",
  options: Args,
  flags: ReadonlyMap<string, SetFlag>,
  nowMs: number,
): SetOptions {
  const found: SetOptions = {
    nx: false,
    xx: false,
    get: false,
    keepTtl: false,
    persist: false,
    expiresAtMs: null,
  };
  for (let at = 0; at < options.length; at += 1) {
    const option = (options[at] ?? "").toUpperCase();
    const flag = flags.get(option);
    if (flag !== undefined) {
      found[flag] = true;
      continue;
    }
    if (option !== "EX" && option !== "PX" && option !== "EXAT" && option !== "PXAT") {
      throw syntaxError();
    }
    at += 1;
    const time = options[at];
    if (time === undefined || found.expiresAtMs !== null) throw syntaxError();
    found.expiresAtMs = readExpiry(command, option, time, nowMs);
  }
  const expiries = [found.keepTtl, found.persist, found.expiresAtMs !== null].filter(
    Boolean,
  ).length;
  if (expiries > 1 || (found.nx && found.xx)) throw syntaxError();
  return found;
}

/**
 * SET with EX, PX, EXAT, PXAT, KEEPTTL, NX, XX, GET. Without an expiry option it removes the
 * expiry the key had. @see https://redis.io/docs/latest/commands/set/
 */
function set({ keys }: CommandContext, [key = "", value = "", ...rest]: Args): Reply {
  if (rest.length === 0) {
    keys.set(key, value, null);
    return OK;
  }
  const options = readOptions("SET", rest, SET_FLAGS, keys.nowMs);
  const existing = keys.get(key);
  const isRefused = existing === undefined ? options.xx : options.nx;
  if (!isRefused) {
    const kept = options.keepTtl ? (existing?.expiresAtMs ?? null) : null;
    keys.set(key, value, options.expiresAtMs ?? kept);
  }
  if (options.get) return existing?.value ?? null;
  return isRefused ? null : OK;
}

/** @see https://redis.io/docs/latest/commands/setex/ */
function setWithExpiry(name: string, unit: "EX" | "PX"): CommandSpec {
  return write(name, 4, ({ keys }, [key = "", time = "", value = ""]) => {
    keys.set(key, value, readExpiry(name, unit, time, keys.nowMs));
    return OK;
  });
}

/** @see https://redis.io/docs/latest/commands/setnx/ */
function setIfAbsent({ keys }: CommandContext, [key = "", value = ""]: Args): Reply {
  if (keys.get(key) !== undefined) return 0;
  keys.set(key, value, null);
  return 1;
}

/** @see https://redis.io/docs/latest/commands/getdel/ */
function getAndDelete(context: CommandContext, [key = ""]: Args): Reply {
  const value = stringAt(context, key);
  context.keys.delete(key);
  return value;
}

/** @see https://redis.io/docs/latest/commands/getex/ */
function getAndExpire({ keys }: CommandContext, [key = "", ...rest]: Args): Reply {
  const options = readOptions("GETEX", rest, GETEX_FLAGS, keys.nowMs);
  const entry = keys.get(key);
  if (entry === undefined) return null;
  if (options.persist) entry.expiresAtMs = null;
  if (options.expiresAtMs !== null) entry.expiresAtMs = options.expiresAtMs;
  return entry.value;
}

/** Keeps the expiry. @see https://redis.io/docs/latest/commands/append/ */
function append({ keys }: CommandContext, [key = "", suffix = ""]: Args): Reply {
  const entry = keys.get(key);
  const value = (entry?.value ?? "") + suffix;
  keys.set(key, value, entry?.expiresAtMs ?? null);
  return value.length;
}

/**
 * INCR and its kin, on 64-bit integers in decimal; keeps the expiry.
 * @see https://redis.io/docs/latest/commands/incr/
 */
function add({ keys }: CommandContext, key: ByteString, change: bigint): Reply {
  const entry = keys.get(key);
  const current = parseInt64(entry?.value ?? "0");
  if (current === null) throw notAnInteger();
  const value = current + change;
  if (value > INT64_MAX || value < INT64_MIN) {
    throw new RedisError("ERR increment or decrement would overflow");
  }
  keys.set(key, String(value), entry?.expiresAtMs ?? null);
  return integerReply(value);
}

/** Redis's words; one example on Upstash's REST page says "an int", which is no stated rule. */
function notAnInteger(): RedisError {
  return new RedisError("ERR value is not an integer or out of range");
}

function changeArgument(text: ByteString): bigint {
  const change = parseInt64(text);
  if (change === null) throw notAnInteger();
  return change;
}

/** @see https://redis.io/docs/latest/commands/decrby/ */
function subtract(context: CommandContext, [key = "", text = ""]: Args): Reply {
  const change = changeArgument(text);
  if (change === INT64_MIN) throw new RedisError("ERR decrement would overflow");
  return add(context, key, -change);
}

/** @see https://redis.io/docs/latest/commands/mget/ */
function getMany(context: CommandContext, args: Args): Reply {
  return args.map((key) => stringAt(context, key));
}

/** @see https://redis.io/docs/latest/commands/mset/ */
function setMany({ keys }: CommandContext, args: Args): Reply {
  for (const [key, value] of pairs("MSET", args)) keys.set(key, value, null);
  return OK;
}

/** All or nothing. @see https://redis.io/docs/latest/commands/msetnx/ */
function setManyIfAbsent({ keys }: CommandContext, args: Args): Reply {
  const list = pairs("MSETNX", args);
  if (list.some(([key]) => keys.get(key) !== undefined)) return 0;
  for (const [key, value] of list) keys.set(key, value, null);
  return 1;
}

export const stringCommands: readonly CommandSpec[] = [
  read("GET", 2, (context, [key = ""]) => stringAt(context, key)),
  write("SET", -3, set),
  setWithExpiry("SETEX", "EX"),
  setWithExpiry("PSETEX", "PX"),
  write("SETNX", 3, setIfAbsent),
  write("GETDEL", 2, getAndDelete),
  write("GETEX", -2, getAndExpire),
  write("APPEND", 3, append),
  read("STRLEN", 2, (context, [key = ""]) => stringAt(context, key)?.length ?? 0),
  write("INCR", 2, (context, [key = ""]) => add(context, key, 1n)),
  write("DECR", 2, (context, [key = ""]) => add(context, key, -1n)),
  write("INCRBY", 3, (context, [key = "", by = ""]) => add(context, key, changeArgument(by))),
  write("DECRBY", 3, subtract),
  read("MGET", -2, getMany),
  write("MSET", -3, setMany),
  write("MSETNX", -3, setManyIfAbsent),
];
