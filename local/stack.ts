import { randomBytes } from "node:crypto";
import { type DnsServer, startDnsServer } from "./dns/server.ts";
import { type MongoServer, startMongoServer } from "./mongo/server.ts";
import { realClock, type Clock } from "./qstash/clock.ts";
import { type QStashServer, startQStashServer } from "./qstash/server.ts";
import { type RedisServer, startRedisServer } from "./redis/server.ts";

export type StackOptions = {
  /** QStash's time; the real one when absent. */
  readonly clock?: Clock;
  readonly ports?: { readonly redis?: number; readonly qstash?: number; readonly mongo?: number };
  /** A real Redis behind the REST stand-in. */
  readonly redisUrl?: string;
  /** A real MongoDB instead of the stand-in. */
  readonly mongodbUri?: string;
  /** Where the MongoDB stand-in keeps its data; in memory when absent. */
  readonly mongoFile?: string;
  /** Fresh ones when absent. */
  readonly secrets?: StackSecrets;
};

/** The keys and tokens that the worker and its services know one another by. */
export type StackSecrets = Readonly<
  Record<
    | "adminKey"
    | "redisToken"
    | "qstashToken"
    | "currentSigningKey"
    | "nextSigningKey"
    /** What the database holds sealed can be opened with no other. */
    | "sealingKey",
    string
  >
>;

export function newSecrets(): StackSecrets {
  return {
    adminKey: random("admin_"),
    redisToken: random("redis_"),
    qstashToken: random("qstash_"),
    currentSigningKey: random("sig_"),
    nextSigningKey: random("sig_"),
    sealingKey: randomBytes(32).toString("hex"),
  };
}

/** The services that the worker stands on, and what it must be told to reach them. */
export type Stack = {
  readonly redis: RedisServer;
  readonly qstash: QStashServer;
  /** Null when a real MongoDB is used. */
  readonly mongo: MongoServer | null;
  readonly dns: DnsServer;
  readonly adminKey: string;
  /** The worker's variables and secrets for this stack. */
  readonly vars: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

/** Starts the stand-ins on loopback. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const secrets = options.secrets ?? newSecrets();
  const mongo =
    options.mongodbUri === undefined
      ? await startMongoServer({
          ...(options.ports?.mongo !== undefined && { port: options.ports.mongo }),
          ...(options.mongoFile !== undefined && { file: options.mongoFile }),
        })
      : null;
  const redis = await startRedisServer({
    token: secrets.redisToken,
    ...(options.ports?.redis !== undefined && { port: options.ports.redis }),
    ...(options.redisUrl !== undefined && { redisUrl: options.redisUrl }),
  });
  const qstash = await startQStashServer({
    token: secrets.qstashToken,
    currentSigningKey: secrets.currentSigningKey,
    nextSigningKey: secrets.nextSigningKey,
    clock: options.clock ?? realClock(),
    ...(options.ports?.qstash !== undefined && { port: options.ports.qstash }),
  });
  const dns = await startDnsServer();
  return {
    redis,
    qstash,
    mongo,
    dns,
    adminKey: secrets.adminKey,
    vars: {
      ADMIN_KEY: secrets.adminKey,
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      QSTASH_URL: qstash.url,
      QSTASH_TOKEN: qstash.token,
      QSTASH_CURRENT_SIGNING_KEY: secrets.currentSigningKey,
      QSTASH_NEXT_SIGNING_KEY: secrets.nextSigningKey,
      MONGODB_URI: mongo?.uri ?? options.mongodbUri ?? "",
      SEALING_KEY: secrets.sealingKey,
      ALLOW_LOOPBACK: "true",
      DNS_RESOLVER_URL: dns.url,
    },
    close: async () => {
      await Promise.all([qstash.close(), redis.close(), mongo?.close(), dns.close()]);
    },
  };
}

function random(prefix: string): string {
  return `${prefix}${randomBytes(16).toString("hex")}`;
}
