import { spawn } from "node:child_process";

/** Ends when its standard input does: when its parent is gone, however that went. */
const SCRIPT = 'trap "" INT TERM HUP; read -r _; kill -9 "$0" 2>/dev/null';

/** How often a process looks whether its parent is still there; nothing tells it. */
const LOOK_INTERVAL_MS = 250;

/**
 * Kills a process as soon as this one is gone, even by SIGKILL, which leaves it no time to clean
 * up. Call the result once the process has ended: its number may soon be another's.
 */
export function killWithParent(pid: number): () => void {
  const guard = spawn("/bin/sh", ["-c", SCRIPT, String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a shell there is no guard, and nothing else is lost.
  guard.on("error", () => {});
  guard.unref();
  return () => void guard.kill("SIGKILL");
}

/** Calls back once when this process' parent is gone. The result ends the look-out. */
export function onParentGone(callback: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, LOOK_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
