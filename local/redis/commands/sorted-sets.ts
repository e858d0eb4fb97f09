import { formatScore, parseFloat64, positiveArgument } from "../numbers.ts";
import { RedisError } from "../reply.ts";
import type { ByteString, Reply } from "../reply.ts";
import type { ScoredMember, SortedSet } from "../sorted-set.ts";
import { read, syntaxError, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

type AddOptions = {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
  ch: boolean;
  incr: boolean;
};

function readScore(text: ByteString): number {
  const score = parseFloat64(text);
  if (score === null) throw new RedisError("ERR value is not a valid float");
  return score;
}

function readAddOptions(args: Args): { options: AddOptions; list: Args } {
  const options = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };
  let at = 0;
  for (; at < args.length; at += 1) {
    const name = (args[at] ?? "").toLowerCase();
    if (
      !(
        name === "nx" ||
        name === "xx" ||
        name === "gt" ||
        name === "lt" ||
        name === "ch" ||
        name === "incr"
      )
    )
      break;
    options[name] = true;
  }
  const list = args.slice(at);
  if (list.length === 0 || list.length % 2 !== 0) throw syntaxError();
  if (options.nx && options.xx) {
    throw new RedisError("ERR XX and NX options at the same time are not compatible");
  }
  if ((options.gt && options.lt) || (options.nx && (options.gt || options.lt))) {
    throw new RedisError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (options.incr && list.length > 2) {
    throw new RedisError("ERR INCR option supports a single increment-element pair");
  }
  return { options, list };
}

/** The score a member would get, or null where an option forbids the change. */
function nextScore(current: number | undefined, given: number, options: AddOptions): number | null {
  if (current === undefined) return options.xx ? null : given;
  if (options.nx) return null;
  const next = options.incr ? current + given : given;
  if (Number.isNaN(next)) throw new RedisError("ERR resulting score is not a number (NaN)");
  if ((options.gt && next <= current) || (options.lt && next >= current)) return null;
  return next;
}

/**
 * ZADD with NX, XX, GT, LT, CH, INCR. GT and LT still add new members. Scores are all read
 * before the first is set. @see https://redis.io/docs/latest/commands/zadd/
 */
function addMembers({ keys }: CommandContext, [key = "", ...rest]: Args): Reply {
  const { options, list } = readAddOptions(rest);
  const scored: ScoredMember[] = [];
  for (let at = 0; at < list.length; at += 2) {
    scored.push({ score: readScore(list[at] ?? ""), member: list[at + 1] ?? "" });
  }
  const existing = keys.getOf(key, "zset");
  if (existing === undefined && options.xx) return options.incr ? null : 0;
  const set = existing?.value ?? keys.open(key, "zset");
  let added = 0;
  let changed = 0;
  let last: number | null = null;
  for (const { member, score } of scored) {
    const current = set.score(member);
    last = nextScore(current, score, options);
    if (last === null) continue;
    if (current === undefined) added += 1;
    else if (current !== last) changed += 1;
    set.set(member, last);
  }
  if (options.incr) return last === null ? null : formatScore(last);
  return options.ch ? added + changed : added;
}

/** @see https://redis.io/docs/latest/commands/zincrby/ */
function addToScore({ keys }: CommandContext, [key = "", by = "", member = ""]: Args): Reply {
  const change = readScore(by);
  const score = (keys.getOf(key, "zset")?.value.score(member) ?? 0) + change;
  if (Number.isNaN(score)) throw new RedisError("ERR resulting score is not a number (NaN)");
  keys.open(key, "zset").set(member, score);
  return formatScore(score);
}

/** @see https://redis.io/docs/latest/commands/zrem/ */
function removeMembers({ keys }: CommandContext, [key = "", ...names]: Args): Reply {
  const set = keys.getOf(key, "zset")?.value;
  if (set === undefined) return 0;
  const count = names.filter((name) => set.delete(name)).length;
  keys.deleteIfEmpty(key, set.size);
  return count;
}

function setAt({ keys }: CommandContext, key: ByteString): SortedSet | undefined {
  return keys.getOf(key, "zset")?.value;
}

/** @see https://redis.io/docs/latest/commands/zrank/ */
function rank(isReversed: boolean) {
  return (context: CommandContext, [key = "", member = ""]: Args): Reply => {
    const set = setAt(context, key);
    const score = set?.score(member);
    if (set === undefined || score === undefined) return null;
    const place = set.rank(member, score);
    return isReversed ? set.size - 1 - place : place;
  };
}

function scoreOf(set: SortedSet | undefined, member: ByteString): ByteString | null {
  const score = set?.score(member);
  return score === undefined ? null : formatScore(score);
}

/** @see https://redis.io/docs/latest/commands/zpopmin/ */
function pop(name: string, end: "min" | "max"): CommandSpec {
  return write(name, -2, ({ keys }, [key = "", count, ...rest]) => {
    if (rest.length > 0) throw syntaxError();
    const wanted = count === undefined ? 1 : positiveArgument(count);
    const set = keys.getOf(key, "zset")?.value;
    if (set === undefined || wanted === 0) return [];
    const ordered = set.ordered();
    const taken = end === "min" ? ordered.slice(0, wanted) : ordered.slice(-wanted).toReversed();
    for (const { member } of taken) set.delete(member);
    keys.deleteIfEmpty(key, set.size);
    return taken.flatMap(({ member, score }) => [member, formatScore(score)]);
  });
}

export const sortedSetCommands: readonly CommandSpec[] = [
  write("ZADD", -4, addMembers),
  write("ZINCRBY", 4, addToScore),
  write("ZREM", -3, removeMembers),
  pop("ZPOPMIN", "min"),
  pop("ZPOPMAX", "max"),
  read("ZCARD", 2, (context, [key = ""]) => setAt(context, key)?.size ?? 0),
  read("ZSCORE", 3, (context, [key = "", member = ""]) => scoreOf(setAt(context, key), member)),
  read("ZMSCORE", -3, (context, [key = "", ...members]) => {
    const set = setAt(context, key);
    return members.map((member) => scoreOf(set, member));
  }),
  read("ZRANK", 3, rank(false)),
  read("ZREVRANK", 3, rank(true)),
];
