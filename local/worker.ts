/** What every way to run the built worker has in common. */
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import getPort from "get-port";
import { parse as parseToml } from "smol-toml";
import { z } from "zod";

const PROJECT = new URL("..", import.meta.url);

/** Starts workerd and ends it with the process that started it; see there. */
export const WORKERD_SCRIPT = fileURLToPath(new URL("workerd.sh", import.meta.url));

/** What the script needs to know: the binary, required since importers differ on a default of a default. */
export const WORKERD_ENV = z
  .object({ default: z.string() })
  .transform((workerd) => ({ WORKERD: workerd.default }))
  .parse(createRequire(import.meta.url)("workerd"));

/** Below what systems take for outgoing connections: Linux from 32768 on, macOS from 49152 on. */
const PORTS = { first: 10_000, count: 22_000 } as const;

const PORT_TRIES = 10;

const WranglerToml = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  vars: z.record(z.string(), z.string()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  r2_buckets: z.array(z.object({ binding: z.string(), bucket_name: z.string() })).default([]),
  triggers: z.object({ crons: z.array(z.string()) }),
});

/** The part of `wrangler.toml` that a local worker is made from. */
export type WranglerToml = z.infer<typeof WranglerToml>;

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

/** The deployed bundle in a workerd on this machine. */
export type Worker = {
  readonly url: string;
  /** Fires a cron trigger as the platform does, at any time of the caller's choice. */
  runCron(cron: string, scheduledTime: Date): Promise<{ outcome: string }>;
  /** The cron lines of wrangler.toml. */
  readonly crons: readonly string[];
  close(): Promise<void>;
};

/** Reads `wrangler.toml`. Rejects when it lacks what a worker needs. */
export async function readWranglerToml(): Promise<WranglerToml> {
  return WranglerToml.parse(parseToml(await readFile(new URL("wrangler.toml", PROJECT), "utf8")));
}

/** The bundle that `npm run build` made. */
export function builtBundle(): URL {
  return new URL("dist/worker.js", PROJECT);
}

/** The worker's variables: those of wrangler.toml, its own address, then the given ones. */
export function varsOf(
  toml: WranglerToml,
  url: string,
  vars: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...toml.vars, PUBLIC_URL: url, ...vars };
}

/** A port that nobody listens on, and that no outgoing connection gets before workerd does. */
export function freePort(exclude?: number): Promise<number> {
  const { first, count } = PORTS;
  const port = Array.from({ length: PORT_TRIES }, () => first + randomInt(count));
  return getPort({ host: "127.0.0.1", port, ...(exclude !== undefined && { exclude: [exclude] }) });
}
