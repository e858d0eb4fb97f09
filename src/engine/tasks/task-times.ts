import type { SubmissionOptions } from "../../contract/submission.ts";

/** When the relay looks at a task that could have been claimed and was not. */
export const RELAY_AFTER_SECONDS = 60;

/** The times of a new task. */
export type TaskTimes = {
  readonly notBefore: Date | null;
  readonly expiresAt: Date | null;
  /** Seconds until its first message is due. */
  readonly delaySeconds: number;
  readonly relayAt: Date;
};

/** The times that a submission at `now` asks for. */
export function taskTimes(options: SubmissionOptions, now: Date): TaskTimes {
  const notBefore = timeOf(options.not_before, options.delay, now);
  const expiresAt = timeOf(options.expires_at, options.queue_ttl, now);
  const delaySeconds =
    notBefore === null ? 0 : Math.max(0, Math.ceil((notBefore.getTime() - now.getTime()) / 1000));
  return {
    notBefore,
    expiresAt,
    delaySeconds,
    relayAt: nextRelay(later(now, delaySeconds + RELAY_AFTER_SECONDS), expiresAt),
  };
}

/** The relay also finds expired tasks, so it looks no later than the expiry. */
export function nextRelay(wanted: Date, expiresAt: Date | null): Date {
  return expiresAt !== null && expiresAt < wanted ? expiresAt : wanted;
}

function timeOf(time: string | undefined, seconds: number | undefined, now: Date): Date | null {
  if (time !== undefined) return new Date(time);
  return seconds === undefined || seconds === 0 ? null : later(now, seconds);
}

function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
