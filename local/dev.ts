/** `npm run dev`: the stand-ins and the built worker, until SIGTERM or SIGINT. */
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { startCrons } from "./crons.ts";
import { type DevInfo, devInfoOf, removeDevFile, writeDevFile } from "./dev-file.ts";
import { formatLogLine } from "./log-line.ts";
import { type Stack, startStack } from "./stack.ts";
import { killWithParent } from "./watchdog.ts";
import { startWorker, type Worker } from "./worker.ts";

const DEFAULT_PORT = 8787;

/** How long the worker's stores, a real database among them, may take to answer. */
const READY_TIMEOUT_MS = 10_000;

/** Ctrl-C reaches workerd as well as this process: its end is no news when the signal follows it. */
const SIGNAL_GRACE_MS = 200;

/** Says to a person what is wrong; anything else is a bug and shows its stack. */
class DevError extends Error {}

const devFile =
  process.env["WAYBILL_DEV_FILE"] ??
  fileURLToPath(new URL("../.waybill/dev.json", import.meta.url));

/** What to undo on the way out, last first. */
const cleanups: (() => Promise<void> | void)[] = [];

let isStopping = false;
const signalled = new Promise<"signal">((resolve) => {
  const stop = () => {
    isStopping = true;
    resolve("signal");
  };
  // A second one changes nothing: a terminal and npm both pass Ctrl-C on.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop);
});

let exitCode = 0;
try {
  const worker = await start(portOf(process.env["PORT"]));
  const died = worker.exited.then(async (exit) => {
    await sleep(SIGNAL_GRACE_MS);
    return exit;
  });
  const end = await Promise.race([signalled, died]);
  if (end !== "signal") {
    throw new DevError(`workerd ended by itself: ${end.signal ?? `exit code ${end.code}`}`);
  }
} catch (error) {
  exitCode = 1;
  console.error(styleText("red", `waybill dev: ${describe(error)}`, { stream: process.stderr }));
}
for (const cleanup of cleanups.toReversed()) {
  await Promise.resolve(cleanup()).catch((error: unknown) => {
    exitCode = 1;
    console.error(`waybill dev: while stopping: ${describe(error)}`);
  });
}
process.exit(exitCode);

async function start(port: number): Promise<Worker> {
  // workerd itself would say so too, but another server's answer would be taken for its own.
  await refuseUsedPort(port);
  const { REDIS_URL: redisUrl, MONGODB_URI: mongodbUri } = process.env;
  const stack = await startStack({
    ...(redisUrl !== undefined && redisUrl !== "" && { redisUrl }),
    ...(mongodbUri !== undefined && mongodbUri !== "" && { mongodbUri }),
  }).catch((error: unknown) => {
    throw new DevError(`the services can't be started: ${String(error)}${causeOf(error)}`);
  });
  cleanups.push(() => stack.close());
  const onLog = (line: string) => console.log(formatLogLine(line, new Date()));
  const worker = await startWorker({ vars: stack.vars, port, onLog });
  cleanups.push(killWithParent(worker.pid));
  cleanups.push(() => worker.close());
  await untilReady(worker);
  if (isStopping) return worker;
  cleanups.push(runCrons(worker));
  const info = devInfoOf(stack, worker.url);
  cleanups.push(() => removeDevFile(devFile));
  await writeDevFile(devFile, info);
  console.log(banner(info, stack));
  return worker;
}

function portOf(text: string | undefined): number {
  const port = Number(text === undefined || text === "" ? DEFAULT_PORT : text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new DevError(`PORT has to be a port number, not "${text}"`);
}

function refuseUsedPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is in use" : `can't be used (${error.message})`;
      reject(new DevError(`port ${port} ${why}; choose another: PORT=8788 npm run dev`));
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

async function untilReady(worker: Worker): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!isStopping) {
    const answer = await fetch(`${worker.url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > deadline) {
      const detail = answer === null ? "no answer" : `${answer.status} ${await answer.text()}`;
      throw new DevError(`the worker's services aren't ready (GET /readyz): ${detail}`);
    }
    await sleep(100);
  }
}

function runCrons(worker: Worker): () => void {
  const report = (cron: string, reason: string) =>
    console.error(styleText("red", `cron "${cron}" ${reason}`, { stream: process.stderr }));
  return startCrons({
    crons: worker.crons,
    run: async (cron, scheduledTime) => {
      const { outcome } = await worker.runCron(cron, scheduledTime);
      if (outcome !== "ok") report(cron, `ended ${outcome}`);
    },
    onError: (cron, error) => report(cron, `could not be run: ${describe(error)}`),
  });
}

function banner(info: DevInfo, stack: Stack): string {
  const bold = (text: string) => styleText("bold", text);
  const redis = process.env["REDIS_URL"] ? "in front of the Redis of REDIS_URL" : "in memory";
  const mongo = stack.mongo === null ? "the MongoDB of MONGODB_URI" : "in memory";
  const rows: readonly (readonly [string, string])[] = [
    ["API", info.api_url],
    ["administrator's key", info.admin_key],
    ["Redis", `${info.redis_url}  (${redis})`],
    ["  token", info.redis_token],
    ["QStash", info.qstash_url],
    ["  token", info.qstash_token],
    ["  signing key", info.qstash_current_signing_key],
    ["  next signing key", info.qstash_next_signing_key],
    ["MongoDB", `${withoutPassword(info.mongodb_uri)}  (${mongo})`],
    ["process", String(info.pid)],
    ["all of this", devFile],
  ];
  return [
    "",
    bold("Waybill is ready."),
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`),
    "",
    bold("Try it:"),
    "",
    `  curl -sS ${info.api_url}/v1/namespaces \\`,
    `    -H 'Authorization: Bearer ${info.admin_key}' \\`,
    "    -H 'Content-Type: application/json' \\",
    `    -d '{ "name": "shop" }'`,
    "",
    "Stop with Ctrl-C. The worker's log follows.",
    "",
  ].join("\n");
}

function withoutPassword(uri: string): string {
  return uri.replace(/^(\w+(?:\+\w+)?:\/\/[^:@/]+):[^@/]*@/, "$1:…@");
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? ` (${String(error.cause)})` : "";
}

function describe(error: unknown): string {
  if (error instanceof DevError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
