import { Cron } from "croner";

export type CronOptions = {
  /** Cron lines as `wrangler.toml` has them: in UTC, as on the platform. */
  readonly crons: readonly string[];
  readonly run: (cron: string, scheduledTime: Date) => Promise<void>;
  readonly onError: (cron: string, error: unknown) => void;
};

const MINUTE_MS = 60_000;

/**
 * Fires cron triggers at their times, with the full minute as the scheduled time
 * (https://developers.cloudflare.com/workers/configuration/cron-triggers/). A run that is due while
 * the same line's last one is still under way is left out. The result stops them.
 */
export function startCrons({ crons, run, onError }: CronOptions): () => void {
  const jobs = crons.map((cron) => {
    const fire = async () => {
      const now = Date.now();
      try {
        await run(cron, new Date(now - (now % MINUTE_MS)));
      } catch (error) {
        onError(cron, error);
      }
    };
    return new Cron(cron, { timezone: "UTC", protect: true, unref: true }, fire);
  });
  return () => {
    for (const job of jobs) job.stop();
  };
}
