/** `npm run dev`: the stand-ins and the built worker, until SIGTERM or SIGINT. */
import { once } from "node:events";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { inspect, styleText } from "node:util";
import { startCrons } from "./crons.ts";
import { banner } from "./dev-banner.ts";
import { DevError, portOf, refuseSecond, refuseUsedPort } from "./dev-checks.ts";
import { devInfoOf, removeDevFile, writeDevFile } from "./dev-file.ts";
import { formatLogLine } from "./log-line.ts";
import { startStack } from "./stack.ts";
import { onParentGone } from "./watchdog.ts";
import { startWorker, type Worker } from "./worker.ts";

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
  const worker = await start(portOf(process.env["PORT"]));
  await Promise.race([untilStopped(), failWhenGone(worker)]);
} catch (error) {
  complain(`waybill dev: ${describe(error)}`);
}
setTimeout(() => process.exit(1), STOP_TIMEOUT_MS);
for (const cleanup of cleanups.toReversed()) {
  await Promise.resolve(cleanup()).catch((error: unknown) => {
    complain(`waybill dev: while stopping: ${describe(error)}`);
  });
}
process.exit(exitCode);

async function start(port: number): Promise<Worker> {
  await refuseSecond(devFile);
  // workerd itself would say so too, but another server's answer would be taken for its own.
  await refuseUsedPort(port);
  const stack = await startStack({
    ...(redisUrl !== "" && { redisUrl }),
    ...(mongodbUri !== "" && { mongodbUri }),
  }).catch((error: unknown) => {
    throw new DevError(`the services can't be started: ${messageOf(error)}`);
  });
  cleanups.push(() => stack.close());
  const worker = await startWorker({ vars: stack.vars, port, onLog: showLog });
  cleanups.push(() => worker.close());
  await untilReady(worker);
  if (stopping.signal.aborted) return worker;
  cleanups.push(runCrons(worker));
  const info = devInfoOf(stack, worker.url);
  cleanups.push(() => removeDevFile(devFile));
  await writeDevFile(devFile, info);
  console.log(
    banner({
      info,
      devFile: relative(process.cwd(), devFile),
      isRedisReal: redisUrl !== "",
      isMongoReal: stack.mongo === null,
    }),
  );
  return worker;
}

async function untilReady(worker: Worker): Promise<void> {
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

async function untilStopped(): Promise<void> {
  if (!stopping.signal.aborted) await once(stopping.signal, "abort");
}

async function failWhenGone(worker: Worker): Promise<never> {
  const { code, signal } = await worker.exited;
  throw new DevError(`workerd ended by itself: ${signal ?? `exit code ${code}`}`);
}

function runCrons(worker: Worker): () => void {
  return startCrons({
    crons: worker.crons,
    run: async (cron, scheduledTime) => {
      const { outcome } = await worker.runCron(cron, scheduledTime);
      if (outcome !== "ok") warn(`cron "${cron}" ended ${outcome}`);
    },
    onError: (cron, error) => warn(`cron "${cron}" could not be run: ${messageOf(error)}`),
  });
}

function showLog(line: string): void {
  console.log(formatLogLine(line, new Date()));
}

/** Says what ends the run, or spoils its end: it is no success. */
function complain(text: string): void {
  exitCode = 1;
  warn(text);
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
