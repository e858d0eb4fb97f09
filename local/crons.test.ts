import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startCrons } from "./crons.ts";

const MINUTE_MS = 60_000;

/** The lines of wrangler.toml. */
const MINUTELY = "* * * * *";
const DAILY = "17 3 * * *";

type Run = { readonly cron: string; readonly at: string };

let runs: Run[];
let errors: string[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-24T03:15:30.500Z") });
  runs = [];
  errors = [];
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

function start(run: (cron: string) => Promise<void> = async () => {}): void {
  stop = startCrons({
    crons: [MINUTELY, DAILY],
    run: async (cron, at) => {
      runs.push({ cron, at: at.toISOString().slice(11, 19) });
      await run(cron);
    },
    onError: (cron, error) => errors.push(`${cron}: ${String(error)}`),
  });
}

describe("crons", () => {
  it("fire at their times in UTC, with the full minute as the scheduled time", async () => {
    start();
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(runs).toEqual([
      { cron: MINUTELY, at: "03:16:00" },
      { cron: MINUTELY, at: "03:17:00" },
      { cron: DAILY, at: "03:17:00" },
    ]);
  });

  it("leave out a run while the same line's last one is under way, and no other line's", async () => {
    const gate = new AbortController();
    const held = once(gate.signal, "abort");
    start(async (cron) => {
      if (cron === MINUTELY) await held;
    });
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
    expect(runs.map(({ cron }) => cron)).toEqual([MINUTELY, DAILY]);
    gate.abort();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(runs.at(-1)).toEqual({ cron: MINUTELY, at: "03:19:00" });
  });

  it("go on after a run that failed, which is reported", async () => {
    start(() => Promise.reject(new Error("no answer")));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(errors).toEqual([`${MINUTELY}: Error: no answer`]);
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(runs.filter(({ cron }) => cron === MINUTELY)).toHaveLength(2);
  });

  it("fire no more once they are stopped", async () => {
    start();
    stop();
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(runs).toEqual([]);
  });
});
