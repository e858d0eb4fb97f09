import { formatScore, integerArgument, parseFloat64 } from "../numbers.ts";
import { RedisError } from "../reply.ts";
import type { ByteString, Reply } from "../reply.ts";
import type { ScoredMember, SortedSet } from "../sorted-set.ts";
import { read, resolveRange, syntaxError, write } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

type Limit = { readonly score: number; readonly isExclusive: boolean };

/** A score limit: `(` in front excludes it. @see https://redis.io/docs/latest/commands/zrange/ */
function readLimit(text: ByteString): Limit {
  const isExclusive = text.startsWith("(");
  const score = parseFloat64(isExclusive ? text.slice(1) : text);
  if (score === null) throw new RedisError("ERR min or max is not a float");
  return { score, isExclusive };
}

function span(set: SortedSet, min: Limit, max: Limit): [number, number] {
  const from = set.countBelow(min.score, min.isExclusive);
  const to = set.countBelow(max.score, !max.isExclusive);
  return from < to ? [from, to] : [0, 0];
}

type RangeOptions = {
  byScore: boolean;
  isReversed: boolean;
  withScores: boolean;
  offset: number;
  /** Negative: all. */
  count: number;
};

function readRangeOptions(args: Args, allowed: readonly string[]): RangeOptions {
  const options = { byScore: false, isReversed: false, withScores: false, offset: 0, count: -1 };
  let hasLimit = false;
  for (let at = 0; at < args.length; at += 1) {
    const name = (args[at] ?? "").toUpperCase();
    if (!allowed.includes(name)) throw syntaxError();
    if (name === "BYSCORE") options.byScore = true;
    else if (name === "REV") options.isReversed = true;
    else if (name === "WITHSCORES") options.withScores = true;
    else if (name === "BYLEX") {
      throw new RedisError("ERR BYLEX is not implemented by the local stand-in");
    } else {
      const [offset, size] = [args[at + 1], args[at + 2]];
      if (offset === undefined || size === undefined) throw syntaxError();
      options.offset = integerArgument(offset);
      options.count = integerArgument(size);
      hasLimit = true;
      at += 2;
    }
  }
  if (hasLimit && !options.byScore && allowed.includes("BYSCORE")) {
    throw new RedisError(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    );
  }
  return options;
}

function limited(members: readonly ScoredMember[], options: RangeOptions): readonly ScoredMember[] {
  if (options.offset < 0) return [];
  const end = options.count < 0 ? members.length : options.offset + options.count;
  return members.slice(options.offset, end);
}

function shown(members: readonly ScoredMember[], withScores: boolean): Reply {
  return withScores
    ? members.flatMap(({ member, score }) => [member, formatScore(score)])
    : members.map(({ member }) => member);
}

function byScore(set: SortedSet | undefined, min: Limit, max: Limit, options: RangeOptions): Reply {
  if (set === undefined) return [];
  const found = set.ordered().slice(...span(set, min, max));
  return shown(
    limited(options.isReversed ? found.toReversed() : found, options),
    options.withScores,
  );
}

function byRank(
  set: SortedSet | undefined,
  start: number,
  stop: number,
  options: RangeOptions,
): Reply {
  if (set === undefined) return [];
  const ordered = options.isReversed ? set.ordered().toReversed() : set.ordered();
  return shown(ordered.slice(...resolveRange(start, stop, set.size)), options.withScores);
}

/**
 * ZRANGE with BYSCORE, REV, LIMIT, WITHSCORES. With REV and BYSCORE the larger limit comes first.
 * @see https://redis.io/docs/latest/commands/zrange/
 */
function range({ keys }: CommandContext, [key = "", first = "", last = "", ...rest]: Args): Reply {
  const options = readRangeOptions(rest, ["BYSCORE", "BYLEX", "REV", "WITHSCORES", "LIMIT"]);
  if (options.byScore) {
    const [min, max] = options.isReversed ? [last, first] : [first, last];
    const [low, high] = [readLimit(min), readLimit(max)];
    return byScore(keys.getOf(key, "zset")?.value, low, high, options);
  }
  const [start, stop] = [integerArgument(first), integerArgument(last)];
  return byRank(keys.getOf(key, "zset")?.value, start, stop, options);
}

/** @see https://redis.io/docs/latest/commands/zrangebyscore/ */
function rangeByScore(isReversed: boolean) {
  return ({ keys }: CommandContext, [key = "", first = "", last = "", ...rest]: Args): Reply => {
    const [low, high] = isReversed
      ? [readLimit(last), readLimit(first)]
      : [readLimit(first), readLimit(last)];
    const options = { ...readRangeOptions(rest, ["WITHSCORES", "LIMIT"]), isReversed };
    return byScore(keys.getOf(key, "zset")?.value, low, high, options);
  };
}

/** @see https://redis.io/docs/latest/commands/zrevrange/ */
function reversedRange(
  { keys }: CommandContext,
  [key = "", first = "", last = "", ...rest]: Args,
): Reply {
  const options = { ...readRangeOptions(rest, ["WITHSCORES"]), isReversed: true };
  const [start, stop] = [integerArgument(first), integerArgument(last)];
  return byRank(keys.getOf(key, "zset")?.value, start, stop, options);
}

/** @see https://redis.io/docs/latest/commands/zcount/ */
function count({ keys }: CommandContext, [key = "", first = "", last = ""]: Args): Reply {
  const [min, max] = [readLimit(first), readLimit(last)];
  const set = keys.getOf(key, "zset")?.value;
  if (set === undefined) return 0;
  const [from, to] = span(set, min, max);
  return to - from;
}

/** @see https://redis.io/docs/latest/commands/zremrangebyscore/ */
function removeByScore({ keys }: CommandContext, [key = "", first = "", last = ""]: Args): Reply {
  const [min, max] = [readLimit(first), readLimit(last)];
  const set = keys.getOf(key, "zset")?.value;
  return set === undefined ? 0 : removeSpan({ keys }, key, set, span(set, min, max));
}

/** @see https://redis.io/docs/latest/commands/zremrangebyrank/ */
function removeByRank({ keys }: CommandContext, [key = "", first = "", last = ""]: Args): Reply {
  const [start, stop] = [integerArgument(first), integerArgument(last)];
  const set = keys.getOf(key, "zset")?.value;
  return set === undefined
    ? 0
    : removeSpan({ keys }, key, set, resolveRange(start, stop, set.size));
}

function removeSpan(
  { keys }: Pick<CommandContext, "keys">,
  key: ByteString,
  set: SortedSet,
  [from, to]: [number, number],
): number {
  const removed = set.ordered().slice(from, to);
  for (const { member } of removed) set.delete(member);
  keys.deleteIfEmpty(key, set.size);
  return removed.length;
}

export const sortedSetRangeCommands: readonly CommandSpec[] = [
  read("ZRANGE", -4, range),
  read("ZRANGEBYSCORE", -4, rangeByScore(false)),
  read("ZREVRANGEBYSCORE", -4, rangeByScore(true)),
  read("ZREVRANGE", -4, reversedRange),
  read("ZCOUNT", 4, count),
  write("ZREMRANGEBYSCORE", 4, removeByScore),
  write("ZREMRANGEBYRANK", 4, removeByRank),
];
