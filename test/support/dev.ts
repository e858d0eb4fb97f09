import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { z } from "zod";
import { type Api, createApi } from "./api.ts";
import { type Program, startProgram, until } from "./processes.ts";

/** On a busy machine, with a build before. */
const START_TIMEOUT_MS = 60_000;

type Env = Readonly<Record<string, string>>;

/** `npm run dev` with a folder of its own for each test, and nothing of it left afterwards. */
export type DevBench = {
  readonly folder: string;
  /** Where it says what runs. */
  readonly file: string;
  start(env: Env, flags?: readonly string[], script?: string): Program;
  /** Another program that is killed after the test. */
  startProgram(command: string, args: readonly string[], env: Env): Program;
  /** Starts it on a free port and waits until it is ready. */
  ready(env?: Env, flags?: readonly string[], script?: string): Promise<Ready>;
  untilReady(dev: Program): Promise<void>;
  /** What the file says. */
  info(): Promise<Record<string, unknown>>;
  /** A caller with the administrator's key. */
  api(): Promise<Api>;
};

type Ready = { readonly dev: Program; readonly port: number };

/** Call it once in a file of tests. */
export function useDev(): DevBench {
  // A test starts it up to three times: on a busy machine that takes its time.
  vi.setConfig({ testTimeout: 120_000 });
  let folder = "";
  let file = "";
  let started: Program[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "waybill-dev-test-"));
    file = join(folder, "nested", "dev.json");
    started = [];
  });
  afterEach(async () => {
    for (const program of started) program.kill("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    // workerd ends a moment after who started it, and may write until then.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  const bench: DevBench = {
    get folder() {
      return folder;
    },
    get file() {
      return file;
    },
    start: (env, flags = [], script = "local/dev.ts") =>
      bench.startProgram(process.execPath, [script, ...flags], env),
    startProgram: (command, args, env) => {
      const program = startProgram(command, args, { WAYBILL_DEV_FILE: file, ...env });
      started.push(program);
      return program;
    },
    ready: async (env = {}, flags = [], script) => {
      const port = await getPort({ host: "127.0.0.1" });
      const dev = bench.start({ PORT: String(port), ...env }, flags, script);
      await bench.untilReady(dev);
      return { dev, port };
    },
    untilReady: (dev) =>
      until(
        () => (dev.stdout().includes("Stop with Ctrl-C") ? null : `not ready: ${dev.stderr()}`),
        START_TIMEOUT_MS,
      ),
    info: async () =>
      z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, "utf8"))),
    api: async () => {
      const info = await bench.info();
      const url = z.string().parse(info["api_url"]);
      return createApi(() => url, z.string().parse(info["admin_key"]));
    },
  };
  return bench;
}

/** Stops it in good order. */
export async function stopDev(dev: Program): Promise<void> {
  dev.kill("SIGTERM");
  expect(await dev.ended, dev.stderr()).toBe(0);
}
