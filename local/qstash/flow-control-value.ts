import { parseDurationMs } from "./durations.ts";
import { invalid } from "./errors.ts";
import { splitList } from "./lists.ts";

export type FlowControlLimits = {
  readonly parallelism: number | undefined;
  readonly rate: number | undefined;
  readonly periodSeconds: number;
};

export type FlowControlSetting = FlowControlLimits & { readonly key: string };

const DEFAULT_PERIOD_SECONDS = 1;

/**
 * `parallelism=2, rate=3, period=1m` for a key; the period is one second unless given.
 *
 * From https://upstash.com/docs/qstash/features/flowcontrol.
 */
export function parseFlowControl(
  key: string | undefined,
  value: string | undefined,
): FlowControlSetting | undefined {
  if (key === undefined && value === undefined) return undefined;
  if (key === undefined || key === "") {
    throw invalid("invalid Upstash-Flow-Control-Key: it is missing");
  }
  const limits = { parallelism: undefined, rate: undefined, periodSeconds: DEFAULT_PERIOD_SECONDS };
  const setting: { -readonly [K in keyof FlowControlSetting]: FlowControlSetting[K] } = {
    key,
    ...limits,
  };
  for (const part of splitList(value)) {
    const [name = "", text = ""] = part.split("=").map((piece) => piece.trim());
    switch (name.toLowerCase()) {
      case "parallelism":
        setting.parallelism = parseLimit(name, text);
        break;
      case "rate":
        setting.rate = parseLimit(name, text);
        break;
      case "period":
        setting.periodSeconds = parsePeriodSeconds(text);
        break;
      default:
        throw invalid(`invalid Upstash-Flow-Control-Value: unknown setting "${name}"`);
    }
  }
  if (setting.parallelism === undefined && setting.rate === undefined) {
    throw invalid("invalid Upstash-Flow-Control-Value: it needs parallelism or rate");
  }
  return setting;
}

export function parseLimit(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw invalid(`invalid flow control: ${name} "${text}" is not a whole number above 0`);
  }
  return Number(text);
}

/** `1m`, or a bare number of seconds. */
export function parsePeriodSeconds(text: string): number {
  const spelled = /^\d+$/.test(text) ? `${text}s` : text;
  const seconds = parseDurationMs("Upstash-Flow-Control-Value: period", spelled) / 1_000;
  if (seconds === 0) throw invalid("invalid flow control: the period has to be above 0");
  return seconds;
}
