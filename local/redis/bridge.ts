import { Redis } from "ioredis";
import { unknownCommand } from "./commands/table.ts";
import { RedisError } from "./reply.ts";
import type { Backend, ByteString, Command, Reply } from "./reply.ts";

/**
 * What Upstash doesn't serve over REST, and what would spoil the one connection that all requests
 * share: by blocking it, or by changing its state.
 */
const REFUSED: ReadonlySet<string> = new Set(
  (
    "AUTH ASKING BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT CLUSTER " +
    "CONFIG DEBUG DISCARD EXEC FAILOVER HELLO MIGRATE MODULE MONITOR MULTI PSUBSCRIBE PSYNC " +
    "PUNSUBSCRIBE QUIT READONLY READWRITE REPLICAOF REPLCONF RESET SELECT SHUTDOWN SLAVEOF " +
    "SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH"
  ).split(" "),
);

const CONNECT_TIMEOUT_MS = 2000;

/** Hands commands to a real Redis and brings its answers into this server's form. */
export class RedisBridge implements Backend {
  readonly #redis: Redis;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Rejects when there is no Redis at that address. */
  static async connect(url: string): Promise<RedisBridge> {
    const redis = new Redis(url, {
      lazyConnect: true,
      // REST answers have the shapes of RESP2: flat lists, scores as strings.
      protocol: 2,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A lost connection must fail the request, as a broken database does, not hold it.
      maxRetriesPerRequest: 1,
    });
    // Each command reports its own failure; without a listener the event would end the process.
    redis.on("error", () => undefined);
    try {
      await redis.connect();
    } catch (error) {
      redis.disconnect();
      throw new Error(`no Redis at ${url}`, { cause: error });
    }
    return new RedisBridge(redis);
  }

  async execute(command: Command): Promise<Reply> {
    if (isRefused(command)) return notAvailable(command.name);
    try {
      // callBuffer with the name in upper case: other forms decode text or rewrite arguments.
      return toReply(await this.#redis.callBuffer(command.name, ...command.args.map(toArgument)));
    } catch (error) {
      return toRedisError(error, command);
    }
  }

  async transaction(commands: readonly Command[]): Promise<readonly Reply[] | RedisError> {
    const aborted = new RedisError("EXECABORT Transaction discarded because of previous errors.");
    if (commands.some((command) => isRefused(command))) return aborted;
    const multi = this.#redis.multi();
    for (const { name, args } of commands) multi.callBuffer(name, ...args.map(toArgument));
    try {
      const results = await multi.exec();
      if (results === null) return aborted;
      return results.map(([error, value], at) =>
        error === null ? toReply(value) : toRedisError(error, commands[at]),
      );
    } catch (error) {
      return toRedisError(error);
    }
  }

  async flush(): Promise<void> {
    await this.#redis.flushall();
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }
}

function isRefused({ name, args }: Command): boolean {
  if (REFUSED.has(name)) return true;
  return name.startsWith("XREAD") && args.some((argument) => argument.toUpperCase() === "BLOCK");
}

function toArgument(bytes: ByteString): Buffer {
  return Buffer.from(bytes, "latin1");
}

function toReply(value: unknown): Reply {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "string") return value;
  if (Buffer.isBuffer(value)) return value.toString("latin1");
  if (Array.isArray(value)) return value.map((item) => toReply(item));
  if (value instanceof Error) return new RedisError(value.message);
  throw new TypeError(`Redis answered a ${typeof value}`);
}

/** A ReplyError is Redis's own answer; anything else means that Redis is not there. */
function toRedisError(error: unknown, command?: Command): RedisError {
  if (!(error instanceof Error) || error.name !== "ReplyError") throw error;
  // Redis repeats the name in upper case, in which it was sent on; the caller spelled it its own way.
  return command !== undefined && error.message.startsWith("ERR unknown command")
    ? unknownCommand(command)
    : new RedisError(error.message);
}

/**
 * Upstash's own words for what it doesn't serve over single HTTP requests.
 * @see https://upstash.com/docs/redis/overall/compatibility
 */
function notAvailable(name: string): RedisError {
  return new RedisError(
    `ERR Command is not available: '${name}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`,
  );
}
