import { watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** An editor or a checkout writes several files, and one file several times. */
const SETTLE_MS = 50;

/**
 * Calls back after each change of what the worker is built from, once at a time; what changes
 * meanwhile is followed by another call. The result ends the watch.
 */
export function watchSources(onChange: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isRunning = false;
  let isStale = false;

  async function follow(): Promise<void> {
    isStale = true;
    if (isRunning) return;
    isRunning = true;
    while (isStale) {
      isStale = false;
      await onChange();
    }
    isRunning = false;
  }

  const changed = (name: string | null) => {
    if (name?.endsWith(".test.ts")) return;
    clearTimeout(timer);
    timer = setTimeout(() => void follow(), SETTLE_MS);
  };
  const watchers = [
    watch(join(PROJECT, "src"), { recursive: true }, (_, name) => changed(name)),
    // The folder, not the file: an editor may put another file in its place.
    watch(PROJECT, (_, name) => {
      if (name === "wrangler.toml") changed(name);
    }),
  ];
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
