import type { Sample } from "./load.ts";
import { median, medianOrNull } from "./statistics.ts";

/** One thing beside its floor: medians over the rounds, and the median of the rounds' ratios. */
export type Comparison = {
  readonly what: string;
  readonly floor: string;
  readonly unit: "requests/s" | "documents/s";
  readonly ratio: number;
  /** The lowest ratio that is wanted; null where the figure is only shown. */
  readonly target: number | null;
  readonly waybill: Sample;
  readonly floorSample: Sample;
};

export function compare(
  what: string,
  floor: string,
  target: number | null,
  ours: readonly Sample[],
  theirs: readonly Sample[],
  unit: Comparison["unit"] = "requests/s",
): Comparison {
  // Round by round, since what is measured side by side is what was disturbed alike.
  const ratios = ours.map(
    (sample, round) => sample.perSecond / (theirs[round]?.perSecond ?? Number.NaN),
  );
  const ratio = median(ratios);
  return { what, floor, unit, ratio, target, waybill: middle(ours), floorSample: middle(theirs) };
}

function middle(samples: readonly Sample[]): Sample {
  return {
    perSecond: median(samples.map((sample) => sample.perSecond)),
    p50Ms: median(samples.map((sample) => sample.p50Ms)),
    p99Ms: median(samples.map((sample) => sample.p99Ms)),
    workerCpuUs: medianOrNull(samples.map((sample) => sample.workerCpuUs)),
    standInsCpuUs: medianOrNull(samples.map((sample) => sample.standInsCpuUs)),
  };
}

/** The comparisons as a table in Markdown. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ what, floor, unit, ratio, target, waybill, floorSample }) => [
    what,
    `${whole(waybill.perSecond)} ${unit}`,
    latency(waybill),
    floor,
    `${whole(floorSample.perSecond)} ${unit}`,
    latency(floorSample),
    `**${ratio.toFixed(2)}**`,
    target === null ? "" : `≥ ${target}`,
    `${micros(waybill.workerCpuUs)} / ${micros(floorSample.workerCpuUs)}`,
    `${micros(waybill.standInsCpuUs)} / ${micros(floorSample.standInsCpuUs)}`,
  ]);
  const head = [
    "what",
    "Waybill",
    "p50 / p99 ms",
    "floor",
    "floor's rate",
    "p50 / p99 ms",
    "ratio",
    "target",
    "CPU µs each, workerd (Waybill / floor)",
    "CPU µs each, stand-ins",
  ];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function latency({ p50Ms, p99Ms }: Sample): string {
  return Number.isNaN(p50Ms) ? "" : `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`;
}

function micros(value: number | null): string {
  return value === null ? "?" : whole(value);
}
