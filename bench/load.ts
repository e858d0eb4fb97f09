import autocannon, { type Request } from "autocannon";
import { cpuTimeMs } from "./cpu-time.ts";
import { percentile } from "./statistics.ts";
import type { StandIns } from "./test-bed.ts";

/** What is asked of one worker at a time. */
export type Load = {
  readonly url: string;
  readonly clients: number;
  readonly status: number;
  /** What a client asks, one after the other, from the beginning again when it is through. */
  readonly requestsOf: (client: number) => readonly Request[];
  /** How long, or how many requests in all, which must be a multiple of the clients. */
  readonly extent: { readonly seconds: number } | { readonly amount: number };
  readonly workerPid: number;
  readonly standIns: StandIns;
};

/** What came of it; CPU times are null where the system doesn't tell them. */
export type Sample = {
  readonly perSecond: number;
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | null;
  /** Of the worker's process, per request or document. */
  readonly workerCpuUs: number | null;
  readonly standInsCpuUs: number | null;
  /** Per request; null where they say nothing. */
  readonly redisCommands: number | null;
};

/** How often autocannon looks whether it is done, in ms; its default of a second is long here. */
const SAMPLE_MS = 50;

/** Runs a load once. Throws when a request failed or was answered otherwise than expected. */
export async function run(load: Load): Promise<Sample> {
  const latencies: number[] = [];
  const failures = new Map<string, number>();
  const fail = (what: string) => failures.set(what, (failures.get(what) ?? 0) + 1);
  const before = await usage(load);
  const began = performance.now();
  let last = began;
  let client = 0;
  const attack = autocannon({
    url: load.url,
    connections: load.clients,
    sampleInt: SAMPLE_MS,
    ...("seconds" in load.extent
      ? { duration: load.extent.seconds }
      : { amount: load.extent.amount }),
    setupClient: (one) => {
      one.setRequests(load.requestsOf(client));
      client += 1;
    },
  });
  void attack.on("response", (_client: unknown, status: number, _bytes: number, ms: number) => {
    if (status !== load.status) fail(`HTTP ${status}`);
    latencies.push(ms);
    last = performance.now();
  });
  void attack.on("reqError", (error: unknown) => fail(String(error)));
  await attack;
  if (failures.size > 0 || latencies.length === 0) {
    throw new Error(`${load.url}: ${JSON.stringify(Object.fromEntries(failures))}`);
  }
  const after = await usage(load);
  const each = (from: number | null, to: number | null) =>
    from === null || to === null ? null : ((to - from) * 1000) / latencies.length;
  return {
    perSecond: (latencies.length * 1000) / (last - began),
    latency: { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) },
    workerCpuUs: each(before.workerMs, after.workerMs),
    standInsCpuUs: each(before.standInsMs, after.standInsMs),
    redisCommands: after.redisCommands / latencies.length,
  };
}

async function usage({ workerPid, standIns }: Load) {
  const [workerMs, standInsMs, redisCommands] = await Promise.all([
    cpuTimeMs(workerPid),
    cpuTimeMs(standIns.pid),
    standIns.redisCommands(),
  ]);
  return { workerMs, standInsMs, redisCommands };
}
