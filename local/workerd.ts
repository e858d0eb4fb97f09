import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  builtBundle,
  freePort,
  readWranglerToml,
  varsOf,
  type Worker,
  WORKERD_ENV,
  WORKERD_SCRIPT,
  type WorkerOptions,
} from "./worker.ts";
import { workerdConfig } from "./workerd-config.ts";

/** How long workerd may take to answer its first request. */
const START_TIMEOUT_MS = 20_000;

/** How long it may take to stop before it is killed. */
const STOP_TIMEOUT_MS = 3_000;

/** A worker whose process is at hand: it can be killed like a machine, and its CPU time read. */
export type WorkerProcess = Worker & {
  readonly pid: number;
  /** Ends it at once, as a crash of the machine does. */
  kill(): Promise<void>;
};

/**
 * Runs the built bundle in a bare workerd with the bindings of wrangler.toml, for load and for kills:
 * it starts in a third of the time that Miniflare takes, nothing stands before it, and its process is
 * the caller's own. A second little worker in it passes on cron triggers, which workerd has no clock
 * for. It ends with this process, even by SIGKILL.
 */
export async function startWorkerd(options: WorkerOptions): Promise<WorkerProcess> {
  const toml = await readWranglerToml();
  const port = options.port ?? (await freePort());
  const cronPort = await freePort(port);
  const url = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), "waybill-worker-"));
  await copyFile(options.bundle ?? builtBundle(), join(folder, "worker.js"));
  await writeFile(
    join(folder, "config.capnp"),
    workerdConfig({
      port,
      cronPort,
      compatibilityDate: toml.compatibility_date,
      compatibilityFlags: toml.compatibility_flags,
      vars: varsOf(toml, url, options.vars),
      durableObjects: toml.durable_objects.bindings.map((binding) => ({
        name: binding.name,
        className: binding.class_name,
      })),
    }),
  );
  const child = spawn(WORKERD_SCRIPT, ["serve", "--experimental", "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...WORKERD_ENV },
  });
  const output = collectLines(child, options.onLog);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      // Ends the script's guard too, which holds the other end.
      child.stdio[3]?.destroy();
      resolve();
    });
    // It could not be started at all, and there will be no "exit".
    child.once("error", () => resolve());
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
