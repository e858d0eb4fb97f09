import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startProgram } from "./processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The worker as a deployer builds it. */
export type CustomBundle = { readonly url: URL; remove(): Promise<void> };

/**
 * Builds a worker of another entry file than `src/worker.ts`, as the project itself is built: of a
 * file of the project, or of a text that stands in a folder of `dist/`.
 */
export async function buildCustom(
  entry: { readonly file: string } | { readonly text: string },
): Promise<CustomBundle> {
  await mkdir(join(ROOT, "dist"), { recursive: true });
  const folder = await mkdtemp(join(ROOT, "dist/custom-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const settings = await readFile(join(ROOT, "wrangler.toml"), "utf8");
    const main = 'main = "src/worker.ts"';
    if (!settings.includes(main)) throw new Error(`wrangler.toml lacks ${main}`);
    const path = "file" in entry ? `../../${entry.file}` : "worker.ts";
    await writeFile(join(folder, "wrangler.toml"), settings.replace(main, `main = "${path}"`));
    if ("text" in entry) await writeFile(join(folder, "worker.ts"), entry.text);
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

/** A deployer's entry, with a subscriber `crm` that tells another service of completed tasks. */
const withSubscriber = (url: string) => `
  import { content } from "waybill-worker/content";
  import { createWaybill, defineSubscriber, NonRetryableError } from "waybill-worker";

  export { MongoPool, WatchHub } from "waybill-worker";

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

  export default createWaybill({ apps: [content], subscribers: [crm] });
`;

/** The worker with one subscriber in code, which posts to that URL: a 404 is a failure for good. */
export function buildWithSubscriber(url: string): Promise<CustomBundle> {
  return buildCustom({ text: withSubscriber(url) });
}
