import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createEnding } from "../../demo/ending.ts";
import { claim } from "../../demo/failure.ts";

const STOP_TIMEOUT_MS = 4_000;

/** What happened, in order: `say …`, `stop`, `exit …`. */
let happened: string[];

beforeEach(() => {
  happened = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function ending(stop: () => Promise<void> = async () => {}) {
  return createEnding({
    stop: async () => {
      happened.push("stop");
      await stop();
    },
    stopTimeoutMs: STOP_TIMEOUT_MS,
    lastLogs: () => ["out of order"],
    say: (text) => happened.push(`say ${text.trim()}`),
    exit: (code) => happened.push(`exit ${code}`),
  });
}

describe("the demo", () => {
  it("stops what it started and exits with 0 at its end", async () => {
    await ending().run(async () => {});
    expect(happened).toEqual(["stop", "exit 0"]);
  });

  it("exits with 1, the reason and the worker's last lines when a claim doesn't hold", async () => {
    await ending().run(async () => claim(false, "3 of 4 documents were written"));
    expect(happened).toEqual([
      "say The demo failed: 3 of 4 documents were written",
      "say worker: out of order",
      "stop",
      "exit 1",
    ]);
  });

  it("shows the stack of what nobody thought of", async () => {
    await ending().run(async () => {
      throw new TypeError("x is no function");
    });
    expect(happened[0]).toMatch(/^say The demo failed: TypeError: x is no function\n\s+at /);
    expect(happened.at(-1)).toBe("exit 1");
  });

  it("ends once: what fails because it is being stopped is no news", async () => {
    const end = ending();
    const show = end.run(async () => {
      await end.leave(130);
      throw new Error("got no answer");
    });
    await show;
    expect(happened).toEqual(["say Stopped.", "stop", "exit 130"]);
  });

  it("exits with its own code, and says so, when the stopping fails", async () => {
    await ending(() => Promise.reject(new Error("still busy"))).run(async () => {});
    expect(happened[1]).toMatch(/^say While stopping: Error: still busy/);
    expect(happened.at(-1)).toBe("exit 0");
  });

  it("exits when the stopping hangs", async () => {
    vi.useFakeTimers();
    void ending(() => new Promise<void>(() => {})).fail("it took longer than 80 s");
    await vi.advanceTimersByTimeAsync(STOP_TIMEOUT_MS - 1);
    expect(happened.at(-1)).toBe("stop");
    await vi.advanceTimersByTimeAsync(1);
    expect(happened.at(-1)).toBe("exit 1");
  });
});
