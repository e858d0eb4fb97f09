import { execFile, spawn, spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program of the project as a child, and all that it says. */
export type Program = {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once it has ended and its output is read: its exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
};

/** Variables that change what a program says or does, wherever the tests run. */
const LEFT_OUT = /^(?:FORCE_COLOR|COLUMNS|PORT|REDIS_URL|MONGODB_URI|npm_.*|.*_proxy)$/i;

/** Starts a command from the project's folder, with piped output and these variables. */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const own = Object.entries(process.env).filter(([name]) => !LEFT_OUT.test(name));
  const child = spawn(command, args, {
    cwd: new URL("../..", import.meta.url),
    env: { ...Object.fromEntries(own), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

type Process = { readonly pid: number; readonly parent: number; readonly command: string };

/** The processes that run now; those that have ended and whose parent doesn't ask are left out. */
async function processes(): Promise<Process[]> {
  return (await processesOfProc()) ?? processesOfPs();
}

/** From Linux' /proc, since small images have no `ps`; null where there is none. */
async function processesOfProc(): Promise<Process[] | null> {
  const names = await readdir("/proc").catch(() => null);
  const pids = names?.filter((name) => /^\d+$/.test(name)) ?? [];
  if (pids.length === 0) return null;
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
      // The name in parentheses may hold anything; state and parent follow its end.
      const [, state, parent] = /\) (\S) (\d+) [^)]*$/s.exec(await read("stat")) ?? [];
      if (state === undefined || "ZX".includes(state)) return [];
      const command = (await read("cmdline")).replaceAll("\0", " ").trim();
      return [{ pid: Number(pid), parent: Number(parent), command }];
    }),
  );
  return found.flat();
}

async function processesOfPs(): Promise<Process[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, state, command = ""] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (state === undefined || state.startsWith("Z")) return [];
    return [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** A process and all that it started, directly or not, that run now. */
export async function familyOf(pid: number): Promise<Process[]> {
  const all = await processes();
  const family = all.filter((one) => one.pid === pid);
  for (const member of family) {
    family.push(...all.filter(({ parent }) => parent === member.pid));
  }
  return family;
}

/** Waits until none of the processes runs; fails after `timeoutMs` with those that do. */
export async function untilGone(family: readonly Process[], timeoutMs = 10_000): Promise<void> {
  await until(async () => {
    const pids = new Set((await processes()).map(({ pid }) => pid));
    const left = family.filter(({ pid }) => pids.has(pid));
    return left.length === 0 ? null : `still there: ${JSON.stringify(left)}`;
  }, timeoutMs);
}

/** Looks until there is nothing to complain of; fails after `timeoutMs` with the last complaint. */
export async function until(
  complaint: () => Promise<string | null> | string | null,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const text = await complaint();
    if (text === null) return;
    if (Date.now() > deadline) throw new Error(text);
    await sleep(50);
  }
}

/** Whether a program is installed: tests that run one are left out where it isn't. */
export function isInstalled(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}
