import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { startWorkerd, type WorkerProcess } from "../local/workerd.ts";
import { type Api, createApi } from "../test/support/api.ts";

const NAMESPACE = "bench";

const WRANGLER = pathOf("../node_modules/wrangler/bin/wrangler.js");

const Ready = z.object({ vars: z.record(z.string(), z.string()), adminKey: z.string() });

/** The process of the stand-ins. */
export type StandIns = {
  readonly pid: number;
  /** How many Redis commands there were since this was last asked. */
  redisCommands(): Promise<number>;
};

/** Waybill and the floors, each in a workerd of its own, on the same stand-ins. */
export type TestBed = {
  readonly waybill: WorkerProcess;
  readonly floors: WorkerProcess;
  readonly standIns: StandIns;
  /** A caller inside a namespace with an API key of its own, as a tenant has it. */
  readonly api: Api;
  readonly headers: Readonly<Record<string, string>>;
  readonly mongodbUri: string;
  close(): Promise<void>;
};

/** The stand-ins in a process of their own, and what a worker needs to know of them. */
export async function startStandIns(
  deliveries: "held" | "live",
): Promise<z.infer<typeof Ready> & { readonly child: ChildProcess; close(): Promise<void> }> {
  const child = fork(new URL("stand-ins.ts", import.meta.url), [deliveries]);
  const [message] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error("the stand-ins ended"))),
  ]);
  return { ...Ready.parse(message), child, close: () => stopped(child) };
}

/** Starts it all on loopback. `deliveries`: see stand-ins.ts. */
export async function startTestBed(options: {
  readonly deliveries: "held" | "live";
  /** Waybill's bundle; `dist/worker.js` when absent. */
  readonly bundle: URL | undefined;
  readonly floorsBundle: URL;
}): Promise<TestBed> {
  const standIns = await startStandIns(options.deliveries);
  const { vars, adminKey, child } = standIns;
  const workers: WorkerProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.close()));
    await standIns.close();
  };
  try {
    const waybill = await startWorkerd({ vars, ...(options.bundle && { bundle: options.bundle }) });
    workers.push(waybill);
    const floors = await startWorkerd({ vars, bundle: options.floorsBundle });
    workers.push(floors);
    const key = await makeKey(createApi(() => waybill.url, adminKey));
    return {
      waybill,
      floors,
      standIns: {
        pid: child.pid ?? 0,
        redisCommands: async () => {
          child.send("count");
          const [count] = await once(child, "message");
          return z.number().parse(count);
        },
      },
      api: createApi(() => waybill.url, key, NAMESPACE),
      headers: { Authorization: `Bearer ${key}`, "X-Namespace": NAMESPACE },
      mongodbUri: vars["MONGODB_URI"] ?? "",
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeKey(admin: Api): Promise<string> {
  await admin.post("/v1/namespaces", { name: NAMESPACE }).expect(201);
  const answer = await admin
    .post("/v1/keys", { name: "bench", namespaces: [NAMESPACE] })
    .expect(201);
  return z.string().parse(answer.body["key"]);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  await exited;
}

/** Bundles the floors as the worker itself is bundled; `remove` deletes the bundle again. */
export async function buildFloors(): Promise<{ bundle: URL; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-floors-"));
  const config = pathOf("floors/wrangler.toml");
  const wrangler = spawn(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", "--config", config, "--outdir", folder],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, WRANGLER_LOG: "error", WRANGLER_SEND_METRICS: "false" },
    },
  );
  const [code] = await once(wrangler, "exit");
  if (code !== 0) throw new Error(`the floors could not be bundled: wrangler ended with ${code}`);
  return {
    bundle: pathToFileURL(join(folder, "worker.js")),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
