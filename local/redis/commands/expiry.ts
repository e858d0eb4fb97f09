import { integerArgument } from "../numbers.ts";
import { RedisError } from "../reply.ts";
import type { ByteString, Reply } from "../reply.ts";
import { read, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

export type ExpiryUnit = "EX" | "PX" | "EXAT" | "PXAT";

const INT64_MAX_MS = 2 ** 63;

/** Turns an expiry into ms since the epoch; beyond 64 bits it is invalid. */
export function expiryToMs(
  command: string,
  unit: ExpiryUnit,
  value: number,
  nowMs: number,
): number {
  const ms = unit === "EX" || unit === "EXAT" ? value * 1000 : value;
  const atMs = unit === "EX" || unit === "PX" ? ms + nowMs : ms;
  if (Math.abs(ms) >= INT64_MAX_MS || Math.abs(atMs) >= INT64_MAX_MS) throw invalidExpiry(command);
  return atMs;
}

/** As {@link expiryToMs}, for the options of SET and GETEX, where zero and less are invalid too. */
export function readExpiry(
  command: string,
  unit: ExpiryUnit,
  text: ByteString,
  nowMs: number,
): number {
  const value = integerArgument(text);
  if (value <= 0) throw invalidExpiry(command);
  return expiryToMs(command, unit, value, nowMs);
}

function invalidExpiry(command: string): RedisError {
  return new RedisError(`ERR invalid expire time in '${command.toLowerCase()}' command`);
}

type Conditions = { nx: boolean; xx: boolean; gt: boolean; lt: boolean };

function readConditions(options: Args): Conditions {
  const found: Conditions = { nx: false, xx: false, gt: false, lt: false };
  for (const option of options) {
    const name = option.toLowerCase();
    if (name === "nx" || name === "xx" || name === "gt" || name === "lt") found[name] = true;
    else throw new RedisError(`ERR Unsupported option ${option}`);
  }
  if (found.nx && (found.xx || found.gt || found.lt)) {
    throw new RedisError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (found.gt && found.lt) {
    throw new RedisError("ERR GT and LT options at the same time are not compatible");
  }
  return found;
}

/**
 * EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT with NX, XX, GT, LT. No expiry counts as infinite for GT
 * and LT; a time in the past deletes the key and answers 1.
 * @see https://redis.io/docs/latest/commands/expire/
 */
function expire(name: string, unit: ExpiryUnit): CommandSpec {
  return write(name, -3, ({ keys }, [key = "", time = "", ...options]) => {
    const conditions = readConditions(options);
    const atMs = expiryToMs(name, unit, integerArgument(time), keys.nowMs);
    const entry = keys.get(key);
    if (entry === undefined) return 0;
    const current = entry.expiresAtMs ?? Number.POSITIVE_INFINITY;
    if (conditions.nx && entry.expiresAtMs !== null) return 0;
    if (conditions.xx && entry.expiresAtMs === null) return 0;
    if (conditions.gt && atMs <= current) return 0;
    if (conditions.lt && atMs >= current) return 0;
    if (atMs <= keys.nowMs) keys.delete(key);
    else entry.expiresAtMs = atMs;
    return 1;
  });
}

/** -2: no such key; -1: it never expires. @see https://redis.io/docs/latest/commands/pttl/ */
function remainingMs({ keys }: CommandContext, key: ByteString): number {
  const entry = keys.get(key);
  if (entry === undefined) return -2;
  return entry.expiresAtMs === null ? -1 : entry.expiresAtMs - keys.nowMs;
}

/** Rounds to the nearest second as Redis does. @see https://redis.io/docs/latest/commands/ttl/ */
function ttl(context: CommandContext, [key = ""]: Args): Reply {
  const ms = remainingMs(context, key);
  return ms < 0 ? ms : Math.floor((ms + 500) / 1000);
}

/** -2 and -1 as TTL. @see https://redis.io/docs/latest/commands/expiretime/ */
function expireTime({ keys }: CommandContext, [key = ""]: Args): number {
  const entry = keys.get(key);
  if (entry === undefined) return -2;
  return entry.expiresAtMs ?? -1;
}

/** @see https://redis.io/docs/latest/commands/persist/ */
function persist({ keys }: CommandContext, [key = ""]: Args): Reply {
  const entry = keys.get(key);
  if (entry === undefined || entry.expiresAtMs === null) return 0;
  entry.expiresAtMs = null;
  return 1;
}

export const expiryCommands: readonly CommandSpec[] = [
  expire("EXPIRE", "EX"),
  expire("PEXPIRE", "PX"),
  expire("EXPIREAT", "EXAT"),
  expire("PEXPIREAT", "PXAT"),
  write("PERSIST", 2, persist),
  read("TTL", 2, ttl),
  read("PTTL", 2, (context, [key = ""]) => remainingMs(context, key)),
  read("PEXPIRETIME", 2, expireTime),
  read("EXPIRETIME", 2, (context, args) => {
    const ms = expireTime(context, args);
    return ms < 0 ? ms : Math.floor((ms + 500) / 1000);
  }),
];
