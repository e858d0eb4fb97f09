/** Time and chance, as the client uses them: the platform's own, or a test's. */
export type Runtime = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 up to 1. */
  random(): number;
  /** Calls back once after so many milliseconds, unless the result is called before. */
  timer(ms: number, callback: () => void): () => void;
};

/** The longest time that a platform's timer keeps (a signed 32-bit number of milliseconds). */
const MAX_TIMER_MS = 2_147_483_647;

export const platform: Runtime = {
  now: () => Date.now(),
  random: () => Math.random(),
  timer: (ms, callback) => {
    const id = setTimeout(callback, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(id);
  },
};

/** Waits; rejects with the signal's reason as soon as that is aborted. */
export function sleep(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = runtime.timer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
