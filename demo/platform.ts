import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { startWorker } from "../local/miniflare.ts";
import { type Stack, startStack } from "../local/stack.ts";

/** The platform fires each minute; the demo hasn't the time. */
const CRON_INTERVAL_MS = 5_000;

/** So often a running job stores its progress here and looks for a kill: the bar is lively, and half-way is half-way. */
const HEARTBEAT_INTERVAL_MS = "100";

const LOG_LINES_KEPT = 20;

const DROP_TIMEOUT_MS = 2_000;

/** The stand-ins and the built worker on free ports. */
export type Platform = {
  readonly url: string;
  readonly adminKey: string;
  /** Where everything is, for the person who watches. */
  readonly places: Readonly<Record<string, string>>;
  /** Runs the every-minute cron now. */
  readonly runCron: () => Promise<void>;
  /** What the worker logged last, for the report of a failure. */
  lastLogs(): readonly string[];
  /** Resolves when workerd went by itself. */
  readonly workerGone: Promise<void>;
  close(): Promise<void>;
};

/** Real services in place of stand-ins, as `npm run dev` takes them too. */
export type Services = { readonly redisUrl: string | null; readonly mongodbUri: string | null };

/** Starts all that Waybill stands on, on this machine, and Waybill itself in Miniflare. */
export async function startPlatform({ redisUrl, mongodbUri }: Services): Promise<Platform> {
  const stack = await startStack({
    ...(redisUrl !== null && { redisUrl }),
    ...(mongodbUri !== null && { mongodbUri }),
  });
  // A database of its own: that of an application, or of another run, is none of the demo's business.
  const database = `waybill_demo_${randomBytes(4).toString("hex")}`;
  const logs: string[] = [];
  const gone = Promise.withResolvers<void>();
  const worker = await startWorker({
    vars: { ...stack.vars, HEARTBEAT_INTERVAL_MS, MONGODB_DATABASE: database },
    onLog: (line) => {
      if (line.includes('"level":"info"')) return;
      logs.push(line);
      if (logs.length > LOG_LINES_KEPT) logs.shift();
    },
    onCrash: () => gone.resolve(),
  });
  const runCron = async () => {
    const [minutely = "* * * * *"] = worker.crons;
    const { outcome } = await worker.runCron(minutely, new Date());
    if (outcome !== "ok") throw new Error(`the cron ended ${outcome}`);
  };
  const timer = setInterval(() => {
    runCron().catch((error: unknown) => logs.push(String(error)));
  }, CRON_INTERVAL_MS);
  return {
    url: worker.url,
    adminKey: stack.adminKey,
    places: placesOf(stack, worker.url, redisUrl, database),
    runCron,
    lastLogs: () => logs,
    workerGone: gone.promise,
    close: async () => {
      clearInterval(timer);
      // At once: a job under way has nothing to save.
      await worker.close();
      if (mongodbUri !== null) await dropDatabase(mongodbUri, database);
      await stack.close();
    },
  };
}

function placesOf(
  stack: Stack,
  url: string,
  redisUrl: string | null,
  database: string,
): Record<string, string> {
  const redis = redisUrl === null ? "stand-in for Upstash Redis" : "in front of REDIS_URL";
  return {
    Waybill: `${url}  the built worker in Miniflare`,
    Redis: `${stack.redis.url}  ${redis}`,
    QStash: `${stack.qstash.url}  stand-in for Upstash QStash`,
    MongoDB:
      stack.mongo === null
        ? `database ${database}  of MONGODB_URI, dropped at the end`
        : `${stack.mongo.uri.replace(/\/\?.*/, "")}  stand-in for MongoDB`,
  };
}

async function dropDatabase(uri: string, name: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: DROP_TIMEOUT_MS });
  try {
    await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}
