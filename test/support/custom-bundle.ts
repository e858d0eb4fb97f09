import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startProgram } from "./processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The worker as a deployer builds it who changed some of its sources. */
export type CustomBundle = { readonly url: URL; remove(): Promise<void> };

/**
 * Builds the worker from a copy of `src/` with some files replaced, as the project itself is built.
 * In `dist/`, since it finds its packages above it.
 */
async function buildCustom(files: Readonly<Record<string, string>>): Promise<CustomBundle> {
  const folder = await mkdtemp(join(ROOT, "dist/custom-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await cp(join(ROOT, "src"), join(folder, "src"), { recursive: true });
    await cp(join(ROOT, "wrangler.toml"), join(folder, "wrangler.toml"));
    for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const outdir = join(folder, "dist");
    const args = [
      wrangler,
      "deploy",
      "--dry-run",
      "--config",
      join(folder, "wrangler.toml"),
      "--outdir",
      outdir,
    ];
    const env = { WRANGLER_LOG: "error", WRANGLER_SEND_METRICS: "false" };
    const program = startProgram(process.execPath, args, env);
    if ((await program.ended) !== 0) throw new Error(program.stderr());
    return { url: pathToFileURL(join(outdir, "worker.js")), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A deployer's catalog, with a subscriber `crm` that tells another service of completed tasks. */
const catalog = (url: string) => `
  import { NonRetryableError } from "./ports/errors.ts";
  import { defineSubscriber, toCatalog } from "./engine/subscriber.ts";

  const crm = defineSubscriber({
    name: "crm",
    eventTypes: ["task.completed"],
    handle: async (event, { idempotencyId, signal, runtime }) => {
      const response = await runtime.fetch(${JSON.stringify(url)}, {
        method: "POST",
        headers: { "Idempotency-Key": idempotencyId },
        body: JSON.stringify({ type: event.type, about: event.task_id }),
        signal,
      });
      if (response.status === 404) throw new NonRetryableError("no_customer", "Who is that?");
      if (!response.ok) throw new Error("the CRM answered " + response.status);
    },
  });

  export const SUBSCRIBERS = toCatalog([crm]);
`;

/** The worker with one subscriber in code, which posts to that URL: a 404 is a failure for good. */
export function buildWithSubscriber(url: string): Promise<CustomBundle> {
  return buildCustom({ "src/subscribers.ts": catalog(url) });
}
