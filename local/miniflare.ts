import { readFile } from "node:fs/promises";
import {
  convertV4MiniflareOptions,
  Miniflare,
  type MiniflareOptions,
  Response,
  type V4MiniflareOptions,
} from "miniflare";
import {
  builtBundle,
  freePort,
  readWranglerToml,
  varsOf,
  type Worker,
  WORKERD_ENV,
  WORKERD_SCRIPT,
  type WorkerOptions,
  type WranglerToml,
} from "./worker.ts";

const BUNDLE = "worker.js";

const ENTRY = `export * from "./${BUNDLE}"; export { default } from "./${BUNDLE}";`;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type LocalOptions = WorkerOptions & {
  /** Where Durable Objects and R2 buckets keep what they store; nothing stays when absent. */
  readonly dataFolder?: string;
  /** Where a debugger finds the worker, by the DevTools protocol; nowhere when absent. */
  readonly inspectorPort?: number;
  /** Called when workerd went by itself, once Miniflare has started another one in its place. */
  readonly onCrash?: () => void;
};

export type MiniflareWorker = Worker & {
  /**
   * Goes over to the bundle and to the wrangler.toml that are on the disk now, at the same address,
   * with the same stored data. What is under way ends as in a crash. Rejects when that worker doesn't
   * start; the one before is started again.
   */
  reload(): Promise<void>;
};

/**
 * Runs the built bundle in Miniflare with the bindings of wrangler.toml: the same runtime, code and
 * configuration as deployed. It ends with this process, even by SIGKILL.
 */
export async function startWorker(options: LocalOptions): Promise<MiniflareWorker> {
  const port = options.port ?? (await freePort());
  const read = async () => {
    const toml = await readWranglerToml();
    return { toml, settings: await settingsOf(toml, port, options) };
  };
  let current = await read();
  const miniflare = await launch(current.settings);
  return {
    url: urlOf(port),
    get crons() {
      return current.toml.triggers.crons;
    },
    runCron: async (cron, scheduledTime) => {
      const worker = await miniflare.getWorker();
      return worker.scheduled({ cron, scheduledTime });
    },
    reload: async () => {
      const next = await read();
      try {
        await miniflare.setOptions(convert(next.settings));
      } catch (error) {
        await miniflare.setOptions(convert(current.settings));
        throw error;
      }
      current = next;
    },
    close: () => miniflare.dispose(),
  };
}

/** Starts any worker in Miniflare. It, too, ends with this process. */
export async function launch(settings: V4MiniflareOptions): Promise<Miniflare> {
  // Miniflare has no option for it, and looks at each start of a workerd.
  process.env["MINIFLARE_WORKERD_PATH"] = WORKERD_SCRIPT;
  const miniflare = withoutSignalHandlers(() => new Miniflare(convert(settings)));
  try {
    await miniflare.ready;
    return miniflare;
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}

function convert(settings: V4MiniflareOptions): MiniflareOptions {
  return convertV4MiniflareOptions({
    // Neither is it to be asked for from Cloudflare, nor is each request to be noted.
    cf: false,
    logRequests: false,
    unsafeRuntimeEnv: WORKERD_ENV,
    ...settings,
  });
}

/** Miniflare's options for the bundle as it is now, on this port of loopback. */
async function settingsOf(
  toml: WranglerToml,
  port: number,
  options: LocalOptions,
): Promise<V4MiniflareOptions> {
  const { vars, dataFolder, inspectorPort, onLog, onCrash } = options;
  const bundle = options.bundle ?? builtBundle();
  // By its place a debugger finds the source map.
  const script = `${await readFile(bundle, "utf8")}\n//# sourceURL=${bundle.href}\n`;
  return {
    handleStructuredLogs: ({ message }) => {
      for (const line of message.split("\n")) onLog?.(line);
    },
    ...(onCrash !== undefined && { unsafeHandleRuntimeRestart: onCrash }),
    ...(dataFolder !== undefined && { resourcePersistencePath: dataFolder }),
    ...(inspectorPort !== undefined && { inspectorPort, unsafeInspectorProxy: true }),
    name: "waybill",
    // Miniflare copies its configuration again for each part of it, and the bundle has megabytes: asked
    // for, not written there, it costs a quarter of a second less.
    modules: [{ type: "ESModule", path: "entry.js", contents: ENTRY }],
    unsafeUseModuleFallbackService: true,
    unsafeModuleFallbackService: () => Response.json({ name: BUNDLE, esModule: script }),
    compatibilityDate: toml.compatibility_date,
    compatibilityFlags: toml.compatibility_flags,
    bindings: varsOf(toml, urlOf(port), vars),
    durableObjects: Object.fromEntries(
      toml.durable_objects.bindings.map(({ name, class_name: className }) => [
        name,
        { className, useSQLite: true },
      ]),
    ),
    r2Buckets: Object.fromEntries(
      toml.r2_buckets.map(({ binding, bucket_name: bucket }) => [binding, bucket]),
    ),
    // Straight to the worker: Miniflare's own entrance changes headers and halves the rate.
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Miniflare ends the whole process at a signal; here, who starts a worker decides on that. */
function withoutSignalHandlers<T>(start: () => T): T {
  const own = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const result = start();
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      if (!own.has(listener)) process.off(signal, listener);
    }
  }
  return result;
}
