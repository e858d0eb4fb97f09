import type { Sample } from "./load.ts";
import { median, medianOrNull } from "./statistics.ts";

/** The median of some rounds, and the lowest and highest of them. */
type Spread = { readonly median: number; readonly low: number; readonly high: number };

/** One thing beside its floor, over all rounds. */
export type Comparison = {
  readonly what: string;
  readonly floor: string;
  /** Waybill's rate over the floor's, round by round. */
  readonly rateRatio: Spread;
  /** The floor's CPU time in workerd over Waybill's, round by round; null where there is none. */
  readonly cpuRatio: Spread | null;
  /** The lowest ratio that is wanted; null where the figure is only shown. */
  readonly target: number | null;
  /** Medians. */
  readonly waybill: Sample;
  readonly floorSample: Sample;
};

export function compare({
  ours,
  theirs,
  ...rest
}: Pick<Comparison, "what" | "floor" | "target"> & {
  readonly ours: readonly Sample[];
  readonly theirs: readonly Sample[];
}): Comparison {
  // Round by round, since what is measured side by side is what was disturbed alike.
  const rounds = ours.flatMap((our, round) => {
    const their = theirs[round];
    return their === undefined ? [] : [{ our, their }];
  });
  const cpuRatios = rounds.flatMap(({ our, their }) =>
    our.workerCpuUs === null || their.workerCpuUs === null
      ? []
      : [their.workerCpuUs / our.workerCpuUs],
  );
  return {
    ...rest,
    rateRatio: spread(rounds.map(({ our, their }) => our.perSecond / their.perSecond)),
    cpuRatio: cpuRatios.length === 0 ? null : spread(cpuRatios),
    waybill: middle(ours),
    floorSample: middle(theirs),
  };
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

function middle(samples: readonly Sample[]): Sample {
  const latencies = samples.flatMap(({ latency }) => latency ?? []);
  return {
    perSecond: median(samples.map((sample) => sample.perSecond)),
    latency:
      latencies.length === 0
        ? null
        : {
            p50Ms: median(latencies.map(({ p50Ms }) => p50Ms)),
            p99Ms: median(latencies.map(({ p99Ms }) => p99Ms)),
          },
    workerCpuUs: medianOrNull(samples.map((sample) => sample.workerCpuUs)),
    standInsCpuUs: medianOrNull(samples.map((sample) => sample.standInsCpuUs)),
    redisCommands: medianOrNull(samples.map((sample) => sample.redisCommands)),
  };
}

/** The comparisons as a table in Markdown. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(
    ({ what, floor, rateRatio, cpuRatio, target, waybill, floorSample }) => [
      what,
      floor,
      cpuRatio === null ? "" : `**${ratio(cpuRatio)}**`,
      target === null ? "" : `≥ ${target}`,
      ratio(rateRatio),
      pair(waybill.perSecond, floorSample.perSecond),
      pair(waybill.workerCpuUs, floorSample.workerCpuUs),
      pair(waybill.standInsCpuUs, floorSample.standInsCpuUs),
      times(waybill),
      waybill.redisCommands === null ? "" : waybill.redisCommands.toFixed(2),
    ],
  );
  const head = [
    "what",
    "floor",
    "CPU, ratio (spread)",
    "target",
    "rate, ratio (spread)",
    "per second",
    "CPU µs each, workerd",
    "CPU µs each, stand-ins",
    "p50, p99 ms",
    "Redis commands each",
  ];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function ratio({ median: middling, low, high }: Spread): string {
  return `${middling.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** Waybill's and the floor's. */
function pair(ours: number | null, theirs: number | null): string {
  if (ours === null) return "";
  return theirs === null ? whole(ours) : `${whole(ours)} / ${whole(theirs)}`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function times({ latency }: Sample): string {
  return latency === null ? "" : `${latency.p50Ms.toFixed(1)}, ${latency.p99Ms.toFixed(1)}`;
}
