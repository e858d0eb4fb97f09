import { startStack } from "../local/stack.ts";
import { startWorker } from "../local/worker.ts";

/** The platform fires each minute; the demo hasn't the time. */
const CRON_INTERVAL_MS = 5_000;

/** So often a running job stores its progress here and looks for a kill: the bar is lively, and half-way is half-way. */
const HEARTBEAT_INTERVAL_MS = "100";

const LOG_LINES_KEPT = 20;

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
  /** Resolves when workerd is gone, for whatever reason, with how it went. */
  readonly workerGone: Promise<string>;
  close(): Promise<void>;
};

/** Starts all that Waybill stands on, on this machine, and Waybill itself in workerd. */
export async function startPlatform(): Promise<Platform> {
  const stack = await startStack();
  const logs: string[] = [];
  const worker = await startWorker({
    vars: { ...stack.vars, HEARTBEAT_INTERVAL_MS },
    onLog: (line) => {
      if (line.includes('"level":"info"')) return;
      logs.push(line);
      if (logs.length > LOG_LINES_KEPT) logs.shift();
    },
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
    places: {
      Waybill: `${worker.url}  the built worker in workerd`,
      Redis: `${stack.redis.url}  stand-in for Upstash Redis`,
      QStash: `${stack.qstash.url}  stand-in for Upstash QStash`,
      MongoDB: `${(stack.mongo?.uri ?? "").replace(/\/\?.*/, "")}  stand-in for MongoDB`,
    },
    runCron,
    lastLogs: () => logs,
    workerGone: worker.exited.then(({ code, signal }) => signal ?? `exit code ${code}`),
    close: async () => {
      clearInterval(timer);
      // At once: a job under way has nothing to save, all of it is in memory.
      await worker.kill();
      await stack.close();
    },
  };
}
