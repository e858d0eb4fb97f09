import { inspect } from "node:util";
import { DemoFailure } from "./failure.ts";

export type EndingOptions = {
  /** Stops all that was started. It may fail, and it may take too long. */
  readonly stop: () => Promise<void>;
  /** How long that may take, in milliseconds; what is left then goes with the process. */
  readonly stopTimeoutMs: number;
  /** What the worker logged last. */
  readonly lastLogs: () => readonly string[];
  readonly say: (text: string) => void;
  readonly exit: (code: number) => void;
};

/** The one way in which the demo ends: by itself, by a claim that doesn't hold, by a signal. */
export type Ending = {
  /** Runs the show. Ends with 0 when it comes to its end, with 1 and the reason when it throws. */
  run(show: () => Promise<void>): Promise<void>;
  /** Ends with 1 because of a problem. */
  fail(problem: string): Promise<void>;
  /** Ends with this code, as the person who watches wishes. */
  leave(code: number): Promise<void>;
};

/** The first call decides how it ends; what fails because of the stopping is no news. */
export function createEnding({ stop, stopTimeoutMs, lastLogs, say, exit }: EndingOptions): Ending {
  let isEnding = false;

  async function end(code: number, ...lines: readonly string[]): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    for (const text of lines) say(text);
    const timer = setTimeout(() => exit(code), stopTimeoutMs);
    await stop().catch((error: unknown) => say(`While stopping: ${inspect(error)}`));
    clearTimeout(timer);
    exit(code);
  }

  const fail = (problem: string) =>
    end(1, `\nThe demo failed: ${problem}`, ...lastLogs().map((log) => `  worker: ${log}`));

  return {
    fail,
    leave: (code) => end(code, "\nStopped."),
    run: async (show) => {
      try {
        await show();
      } catch (error) {
        await fail(error instanceof DemoFailure ? error.message : inspect(error));
        return;
      }
      await end(0);
    },
  };
}
