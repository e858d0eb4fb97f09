import { integerArgument, positiveArgument } from "../numbers.ts";
import type { ByteString, Reply } from "../reply.ts";
import { read, resolveRange, write, wrongArity } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

const NO_ITEMS: readonly ByteString[] = [];

function itemsAt({ keys }: CommandContext, key: ByteString): readonly ByteString[] {
  return keys.getOf(key, "list")?.value ?? NO_ITEMS;
}

/** LPUSH puts the last argument first. @see https://redis.io/docs/latest/commands/lpush/ */
function push(end: "left" | "right") {
  return ({ keys }: CommandContext, [key = "", ...added]: Args): Reply => {
    const items = keys.open(key, "list");
    for (const item of added) {
      if (end === "left") items.unshift(item);
      else items.push(item);
    }
    return items.length;
  };
}

/**
 * With a count it answers a list, and null where there is no key.
 * @see https://redis.io/docs/latest/commands/lpop/
 */
function pop(name: string, end: "left" | "right"): CommandSpec {
  return write(name, -2, ({ keys }, [key = "", count, ...rest]) => {
    if (rest.length > 0) throw wrongArity(name);
    const wanted = count === undefined ? 1 : positiveArgument(count);
    const items = keys.getOf(key, "list")?.value;
    if (items === undefined) return null;
    const size = Math.min(wanted, items.length);
    const taken =
      end === "left" ? items.splice(0, size) : items.splice(items.length - size, size).toReversed();
    keys.deleteIfEmpty(key, items.length);
    return count === undefined ? (taken[0] ?? null) : taken;
  });
}

/** @see https://redis.io/docs/latest/commands/lrange/ */
function range(context: CommandContext, [key = "", start = "", stop = ""]: Args): Reply {
  const [from, to] = [integerArgument(start), integerArgument(stop)];
  const items = itemsAt(context, key);
  return items.slice(...resolveRange(from, to, items.length));
}

export const listCommands: readonly CommandSpec[] = [
  write("LPUSH", -3, push("left")),
  write("RPUSH", -3, push("right")),
  pop("LPOP", "left"),
  pop("RPOP", "right"),
  read("LLEN", 2, (context, [key = ""]) => itemsAt(context, key).length),
  read("LRANGE", 4, range),
];
