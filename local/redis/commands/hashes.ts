import { INT64_MAX, INT64_MIN, integerReply, parseInt64 } from "../numbers.ts";
import { OK, RedisError } from "../reply.ts";
import type { ByteString, Reply } from "../reply.ts";
import { pairs, read, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

const NO_FIELDS: ReadonlyMap<ByteString, ByteString> = new Map();

function fieldsAt({ keys }: CommandContext, key: ByteString): ReadonlyMap<ByteString, ByteString> {
  return keys.getOf(key, "hash")?.value ?? NO_FIELDS;
}

/** Answers how many fields are new. @see https://redis.io/docs/latest/commands/hset/ */
function setFields(name: string, { keys }: CommandContext, [key = "", ...rest]: Args): number {
  const list = pairs(name, rest);
  const fields = keys.open(key, "hash");
  const before = fields.size;
  for (const [field, value] of list) fields.set(field, value);
  return fields.size - before;
}

/** @see https://redis.io/docs/latest/commands/hdel/ */
function deleteFields({ keys }: CommandContext, [key = "", ...names]: Args): Reply {
  const fields = keys.getOf(key, "hash")?.value;
  if (fields === undefined) return 0;
  const count = names.filter((name) => fields.delete(name)).length;
  keys.deleteIfEmpty(key, fields.size);
  return count;
}

/** @see https://redis.io/docs/latest/commands/hincrby/ */
function addToField({ keys }: CommandContext, [key = "", field = "", by = ""]: Args): Reply {
  const change = parseInt64(by);
  if (change === null) throw new RedisError("ERR value is not an integer or out of range");
  const current = parseInt64(keys.getOf(key, "hash")?.value.get(field) ?? "0");
  if (current === null) throw new RedisError("ERR hash value is not an integer");
  const value = current + change;
  if (value > INT64_MAX || value < INT64_MIN) {
    throw new RedisError("ERR increment or decrement would overflow");
  }
  keys.open(key, "hash").set(field, String(value));
  return integerReply(value);
}

/** @see https://redis.io/docs/latest/commands/hsetnx/ */
function setFieldIfAbsent(
  context: CommandContext,
  [key = "", field = "", value = ""]: Args,
): Reply {
  if (fieldsAt(context, key).has(field)) return 0;
  context.keys.open(key, "hash").set(field, value);
  return 1;
}

export const hashCommands: readonly CommandSpec[] = [
  write("HSET", -4, (context, args) => setFields("HSET", context, args)),
  // Deprecated in favour of HSET, differing only in its answer; the Upstash client still has it.
  write("HMSET", -4, (context, args) => {
    setFields("HMSET", context, args);
    return OK;
  }),
  write("HSETNX", 4, setFieldIfAbsent),
  write("HDEL", -3, deleteFields),
  write("HINCRBY", 4, addToField),
  read("HGET", 3, (context, [key = "", name = ""]) => fieldsAt(context, key).get(name) ?? null),
  read("HMGET", -3, (context, [key = "", ...names]) => {
    const fields = fieldsAt(context, key);
    return names.map((name) => fields.get(name) ?? null);
  }),
  read("HGETALL", 2, (context, [key = ""]) => [...fieldsAt(context, key)].flat()),
  read("HEXISTS", 3, (context, [key = "", name = ""]) => Number(fieldsAt(context, key).has(name))),
  read("HKEYS", 2, (context, [key = ""]) => [...fieldsAt(context, key).keys()]),
  read("HVALS", 2, (context, [key = ""]) => [...fieldsAt(context, key).values()]),
  read("HLEN", 2, (context, [key = ""]) => fieldsAt(context, key).size),
];
