/**
 * `npm run dev`: the stand-ins and the worker in Miniflare, until SIGTERM or SIGINT. It keeps its data
 * (`--clean` starts without), and goes over to another worker when `src/` or `wrangler.toml` changes.
 */
import { once } from "node:events";
import { dirname, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { inspect, parseArgs, styleText } from "node:util";
import getPort from "get-port";
import { buildWorker } from "../scripts/build.ts";
import { startCrons } from "./crons.ts";
import { banner } from "./dev-banner.ts";
import { DevError, portOf, refuseSecond, refuseUsedPort } from "./dev-checks.ts";
import { type DevData, openDevData } from "./dev-data.ts";
import { devInfoOf, removeDevFile, writeDevFile } from "./dev-file.ts";
import { watchSources } from "./dev-watch.ts";
import { formatLogLine } from "./log-line.ts";
import type { MiniflareWorker } from "./miniflare.ts";
import { type Stack, startStack } from "./stack.ts";
import { onParentGone } from "./watchdog.ts";

/** Where debuggers look by themselves; another one where it is in use. */
const INSPECTOR_PORT = 9229;

/** How long the worker's stores, a real database among them, may take to answer. */
const READY_TIMEOUT_MS = 10_000;

/** Stopping takes no longer; what is left then goes with this process. */
const STOP_TIMEOUT_MS = 8_000;

const devFile =
  process.env["WAYBILL_DEV_FILE"] ??
  fileURLToPath(new URL("../.waybill/dev.json", import.meta.url));

const redisUrl = process.env["REDIS_URL"] ?? "";
const mongodbUri = process.env["MONGODB_URI"] ?? "";

/** What to undo on the way out, last first. */
const cleanups: (() => Promise<void> | void)[] = [];

const stopping = new AbortController();
// A second signal changes nothing: a terminal and npm both pass Ctrl-C on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stopping.abort());
// npm killed by SIGKILL passes nothing on. Outside of npm a parent that is gone is no sign: `node local/dev.ts &`.
if (process.env["npm_lifecycle_event"] !== undefined) onParentGone(() => stopping.abort());
// Who started this may read what it says up to "ready" and then close the pipe.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

let exitCode = 0;
try {
  await start();
  if (!stopping.signal.aborted) await once(stopping.signal, "abort");
} catch (error) {
  exitCode = 1;
  warn(`waybill dev: ${describe(error)}`);
}
setTimeout(() => process.exit(1), STOP_TIMEOUT_MS);
for (const cleanup of cleanups.toReversed()) {
  await Promise.resolve(cleanup()).catch((error: unknown) => {
    exitCode = 1;
    warn(`waybill dev: while stopping: ${describe(error)}`);
  });
}
process.exit(exitCode);

async function start(): Promise<void> {
  const { clean } = flagsOf(process.argv.slice(2));
  const port = portOf(process.env["PORT"]);
  await refuseSecond(devFile);
  // workerd itself would say so too, but another server's answer would be taken for its own.
  await refuseUsedPort(port);
  // Late, for it takes half a second: who mistyped something is told at once.
  const { startWorker } = await import("./miniflare.ts");
  await buildWorker().catch((error: unknown) => {
    throw new DevError(`the worker can't be built: ${messageOf(error)}`);
  });
  const data = await openDevData(dirname(devFile), { clean });
  const stack = await startServices(data);
  cleanups.push(() => stack.close());
  const inspectorPort = await getPort({ host: "127.0.0.1", port: INSPECTOR_PORT });
  const worker = await startWorker({
    vars: stack.vars,
    port,
    dataFolder: data.workerFolder,
    inspectorPort,
    onLog: (line) => console.log(formatLogLine(line, new Date())),
    onCrash: () => warn("workerd ended by itself; another one is in its place"),
  });
  cleanups.push(() => worker.close());
  await untilReady(worker);
  if (stopping.signal.aborted) return;
  let stopCrons = runCrons(worker);
  cleanups.push(() => stopCrons());
  cleanups.push(
    watchSources(async () => {
      if (!(await renew(worker))) return;
      stopCrons();
      stopCrons = runCrons(worker);
    }),
  );
  const info = devInfoOf(stack, worker.url);
  cleanups.push(() => removeDevFile(devFile));
  await writeDevFile(devFile, info);
  console.log(
    banner({
      info,
      devFile: relative(process.cwd(), devFile),
      inspector: `127.0.0.1:${inspectorPort}`,
      isRedisReal: redisUrl !== "",
      isMongoReal: stack.mongo === null,
    }),
  );
}

function flagsOf(args: string[]): { clean: boolean } {
  try {
    return parseArgs({ args, options: { clean: { type: "boolean", default: false } } }).values;
  } catch (error) {
    throw new DevError(`${messageOf(error)} (npm run dev -- --clean starts without data)`);
  }
}

async function startServices({ secrets, mongoFile }: DevData): Promise<Stack> {
  try {
    return await startStack({
      secrets,
      ...(redisUrl !== "" && { redisUrl }),
      ...(mongodbUri === "" ? { mongoFile } : { mongodbUri }),
    });
  } catch (error) {
    throw new DevError(`the services can't be started: ${messageOf(error)}`);
  }
}

/** Builds the worker and puts it in the old one's place, which goes on where that fails. */
async function renew(worker: MiniflareWorker): Promise<boolean> {
  const startedAt = performance.now();
  try {
    await buildWorker();
  } catch {
    warn("waybill dev: the build failed, as said above; the worker goes on as it was");
    return false;
  }
  if (stopping.signal.aborted) return false;
  try {
    await worker.reload();
  } catch {
    warn("waybill dev: the new worker doesn't start, as said above; the one before goes on");
    return false;
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(styleText("bold", `The worker is up to date after ${seconds} s.`));
  return true;
}

async function untilReady(worker: MiniflareWorker): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!stopping.signal.aborted) {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
    const answer = await fetch(`${worker.url}/readyz`, { signal }).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > deadline) {
      const detail = answer === null ? "no answer" : `${answer.status} ${await answer.text()}`;
      throw new DevError(`the worker's services aren't ready (GET /readyz): ${detail}`);
    }
    await sleep(100);
  }
}

function runCrons(worker: MiniflareWorker): () => void {
  return startCrons({
    crons: worker.crons,
    run: async (cron, scheduledTime) => {
      const { outcome } = await worker.runCron(cron, scheduledTime);
      if (outcome !== "ok") warn(`cron "${cron}" ended ${outcome}`);
    },
    onError: (cron, error) => warn(`cron "${cron}" could not be run: ${messageOf(error)}`),
  });
}

function warn(text: string): void {
  console.error(styleText("red", text, { stream: process.stderr }));
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function describe(error: unknown): string {
  return error instanceof DevError ? error.message : inspect(error);
}
