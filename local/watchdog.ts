import { spawn } from "node:child_process";
import { once } from "node:events";

/** Ends when its standard input does: when its parent is gone, however that went. */
const SCRIPT = 'trap "" INT TERM; read -r _; kill -9 "$0" 2>/dev/null';

/**
 * Kills a process as soon as this one is gone, even by SIGKILL, which leaves it no time to clean
 * up. Call the result once the process has ended: its number may soon be another's.
 */
export function killWithParent(pid: number): () => Promise<void> {
  const guard = spawn("/bin/sh", ["-c", SCRIPT, String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a shell there is no guard, and nothing else is lost.
  guard.on("error", () => {});
  guard.unref();
  return async () => {
    if (guard.pid === undefined || guard.exitCode !== null || guard.signalCode !== null) return;
    const gone = once(guard, "exit");
    guard.kill("SIGKILL");
    await gone;
  };
}
