import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import getPort from "get-port";
import { parse as parseToml } from "smol-toml";
import { z } from "zod";
import { killWithParent } from "./watchdog.ts";
import { workerdConfig } from "./workerd-config.ts";

/** The path of the binary; required, not imported, since importers differ on a default of a default. */
const { default: workerdPath } = z
  .object({ default: z.string() })
  .parse(createRequire(import.meta.url)("workerd"));

const PROJECT = new URL("..", import.meta.url);

/** Below what systems take for outgoing connections: Linux from 32768 on, macOS from 49152 on. */
const PORTS = { first: 10_000, count: 22_000 } as const;

const PORT_TRIES = 10;

/** How long workerd may take to answer its first request. */
const START_TIMEOUT_MS = 20_000;

/** How long it may take to stop before it is killed. */
const STOP_TIMEOUT_MS = 3_000;

const WranglerToml = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  vars: z.record(z.string(), z.string()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  triggers: z.object({ crons: z.array(z.string()) }),
});

export type WorkerOptions = {
  /** Variables and secrets over those of wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
  /** Any free port when absent. */
  readonly port?: number;
  /** The bundle that `npm run build` made. */
  readonly bundle?: URL;
  /** Gets what the worker logs, line by line. */
  readonly onLog?: (line: string) => void;
};

/** How workerd went: its exit code, or the signal that ended it. */
export type WorkerExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** The deployed bundle in a workerd of its own. */
export type Worker = {
  readonly url: string;
  readonly pid: number;
  /** Fires a cron trigger as the platform does, at any time of the caller's choice. */
  runCron(cron: string, scheduledTime: Date): Promise<{ outcome: string }>;
  /** The cron lines of wrangler.toml. */
  readonly crons: readonly string[];
  /** Resolves once the process is gone, for whatever reason, with how it went. */
  readonly exited: Promise<WorkerExit>;
  /** Ends it at once, as a crash of the machine does. */
  kill(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Runs the built bundle in a bare workerd with the bindings of wrangler.toml: the same runtime,
 * code and configuration as deployed. A second little worker in the same process passes on cron
 * triggers, which workerd itself has no clock for. It ends with this process, even by SIGKILL.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const toml = WranglerToml.parse(
    parseToml(await readFile(new URL("wrangler.toml", PROJECT), "utf8")),
  );
  const port = options.port ?? (await freePort());
  const cronPort = await freePort(port);
  const url = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), "waybill-worker-"));
  await copyFile(options.bundle ?? new URL("dist/worker.js", PROJECT), join(folder, "worker.js"));
  await writeFile(
    join(folder, "config.capnp"),
    workerdConfig({
      port,
      cronPort,
      compatibilityDate: toml.compatibility_date,
      compatibilityFlags: toml.compatibility_flags,
      vars: { ...toml.vars, PUBLIC_URL: url, ...options.vars },
      durableObjects: toml.durable_objects.bindings.map((binding) => ({
        name: binding.name,
        className: binding.class_name,
      })),
    }),
  );
  const child = spawn(workerdPath, ["serve", "--experimental", "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    // Out of the terminal's reach: Ctrl-C is for who started it, who then stops it in good order.
    detached: true,
  });
  const output = collectLines(child, options.onLog);
  const disarm = child.pid === undefined ? null : killWithParent(child.pid);
  const exited = new Promise<WorkerExit>((resolve) => {
    child.once("exit", (code, signal) => {
      // At once: the number of a process that is gone may soon be another's.
      disarm?.();
      resolve({ code, signal });
    });
    // It could not be started at all, and there will be no "exit".
    child.once("error", () => resolve({ code: child.exitCode, signal: null }));
  });

  async function stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await answers(`${url}/healthz`, child);
  } catch (error) {
    await stop("SIGKILL");
    throw new Error(`workerd did not start: ${String(error)}\n${output().join("\n")}`, {
      cause: error,
    });
  }
  return {
    url,
    pid: child.pid ?? 0,
    crons: toml.triggers.crons,
    exited,
    runCron: async (cron, scheduledTime) => {
      const response = await fetch(`http://127.0.0.1:${cronPort}/`, {
        method: "POST",
        body: JSON.stringify({ cron, scheduledTime: scheduledTime.getTime() }),
      });
      return z.object({ outcome: z.string() }).parse(await response.json());
    },
    kill: () => stop("SIGKILL"),
    close: () => stop("SIGTERM"),
  };
}

/** A port that nobody listens on, and that no outgoing connection gets before workerd does. */
function freePort(exclude?: number): Promise<number> {
  const { first, count } = PORTS;
  const port = Array.from({ length: PORT_TRIES }, () => first + randomInt(count));
  return getPort({ host: "127.0.0.1", port, ...(exclude !== undefined && { exclude: [exclude] }) });
}

/** Passes lines on and keeps the last ones for the message of a failed start. */
function collectLines(
  child: ChildProcess,
  onLog: ((line: string) => void) | undefined,
): () => readonly string[] {
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        last.push(line);
        if (last.length > 50) last.shift();
        onLog?.(line);
      }
    });
  }
  return () => last;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const end = child.signalCode ?? child.exitCode;
    if (end !== null) throw new Error(`it ended by itself: ${end}`);
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(25);
  }
  throw new Error(`no answer from ${url} within ${START_TIMEOUT_MS} ms`);
}
