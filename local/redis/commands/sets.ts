import { integerArgument, positiveArgument } from "../numbers.ts";
import type { ByteString, Reply } from "../reply.ts";
import { read, syntaxError, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

const NO_MEMBERS: ReadonlySet<ByteString> = new Set();

function membersAt({ keys }: CommandContext, key: ByteString): ReadonlySet<ByteString> {
  return keys.getOf(key, "set")?.value ?? NO_MEMBERS;
}

/** @see https://redis.io/docs/latest/commands/sadd/ */
function addMembers({ keys }: CommandContext, [key = "", ...names]: Args): Reply {
  const members = keys.open(key, "set");
  const before = members.size;
  for (const name of names) members.add(name);
  return members.size - before;
}

/** @see https://redis.io/docs/latest/commands/srem/ */
function removeMembers({ keys }: CommandContext, [key = "", ...names]: Args): Reply {
  const members = keys.getOf(key, "set")?.value;
  if (members === undefined) return 0;
  const count = names.filter((name) => members.delete(name)).length;
  keys.deleteIfEmpty(key, members.size);
  return count;
}

function pickOne(members: readonly ByteString[]): ByteString | undefined {
  return members[Math.floor(Math.random() * members.length)];
}

/** Up to `count` different members by a partial Fisher-Yates shuffle. */
function pickDistinct(members: ByteString[], count: number): ByteString[] {
  const size = Math.min(count, members.length);
  for (let at = 0; at < size; at += 1) {
    const other = at + Math.floor(Math.random() * (members.length - at));
    [members[at], members[other]] = [members[other] ?? "", members[at] ?? ""];
  }
  return members.slice(0, size);
}

/** @see https://redis.io/docs/latest/commands/spop/ */
function popMembers({ keys }: CommandContext, [key = "", count, ...rest]: Args): Reply {
  if (rest.length > 0) throw syntaxError();
  const wanted = count === undefined ? 1 : positiveArgument(count);
  const members = keys.getOf(key, "set")?.value;
  const picked = members === undefined ? [] : pickDistinct([...members], wanted);
  for (const name of picked) members?.delete(name);
  if (members !== undefined) keys.deleteIfEmpty(key, members.size);
  return count === undefined ? (picked[0] ?? null) : picked;
}

/** A negative count may repeat members. @see https://redis.io/docs/latest/commands/srandmember/ */
function randomMembers(context: CommandContext, [key = "", count, ...rest]: Args): Reply {
  if (rest.length > 0) throw syntaxError();
  const wanted = count === undefined ? 1 : integerArgument(count);
  const members = [...membersAt(context, key)];
  if (count === undefined) return pickOne(members) ?? null;
  if (wanted >= 0) return pickDistinct(members, wanted);
  if (members.length === 0) return [];
  return Array.from({ length: -wanted }, () => pickOne(members) ?? "");
}

/** A missing key is an empty set. @see https://redis.io/docs/latest/commands/sinter/ */
function combine(
  name: string,
  join: (a: ReadonlySet<ByteString>, b: ReadonlySet<ByteString>) => ReadonlySet<ByteString>,
): CommandSpec {
  return read(name, -2, (context, args) => {
    // All keys are looked at before any is combined: a wrong type among them is an error always.
    const [first = NO_MEMBERS, ...others] = args.map((key) => membersAt(context, key));
    let result = first;
    for (const other of others) result = join(result, other);
    return [...result];
  });
}

export const setCommands: readonly CommandSpec[] = [
  write("SADD", -3, addMembers),
  write("SREM", -3, removeMembers),
  write("SPOP", -2, popMembers),
  read("SRANDMEMBER", -2, randomMembers),
  read("SMEMBERS", 2, (context, [key = ""]) => [...membersAt(context, key)]),
  read("SISMEMBER", 3, (context, [key = "", name = ""]) =>
    Number(membersAt(context, key).has(name)),
  ),
  read("SMISMEMBER", -3, (context, [key = "", ...names]) => {
    const members = membersAt(context, key);
    return names.map((name) => Number(members.has(name)));
  }),
  read("SCARD", 2, (context, [key = ""]) => membersAt(context, key).size),
  combine("SINTER", (a, b) => new Set([...a].filter((name) => b.has(name)))),
  combine("SUNION", (a, b) => new Set([...a, ...b])),
  combine("SDIFF", (a, b) => new Set([...a].filter((name) => !b.has(name)))),
];
