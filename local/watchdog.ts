/** How often a process looks whether its parent is still there; nothing tells it. */
const LOOK_INTERVAL_MS = 250;

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
