import { Cron } from "croner";
import { DomainError } from "../errors.ts";

/**
 * Only what every cron supports; `L`, `W`, `#` and `?` have different meanings in different ones.
 */
const PORTABLE = /^[0-9A-Za-z*,/ -]+$/;

/** The next times of a cron line in a time zone, after a time. */
export function nextTimes(cron: string, timezone: string, after: Date, count: number): Date[] {
  return new Cron(cron, { timezone, paused: true, mode: "5-part" }).nextRuns(count, after);
}

/** Refuses an unsupported cron line or time zone. Throws `invalid_request`. */
export function requireCron(cron: string, timezone: string, now: Date): void {
  try {
    Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    throw invalid("timezone", "expected an IANA time zone, such as Europe/Berlin");
  }
  const message = "expected five cron fields: minute, hour, day of month, month, day of week";
  if (!PORTABLE.test(cron) || /\b[LW]\b|\dL/i.test(cron)) throw invalid("cron", message);
  let times: Date[];
  try {
    times = nextTimes(cron, timezone, now, 1);
  } catch (error) {
    throw invalid(
      "cron",
      `${message} (${error instanceof Error ? error.message : "not readable"})`,
    );
  }
  if (times.length === 0) throw invalid("cron", "expected a line that has a next time");
}

function invalid(path: string, message: string): DomainError {
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}
