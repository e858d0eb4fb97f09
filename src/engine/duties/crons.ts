import type { ServiceContext } from "../context.ts";
import { purge } from "./purge.ts";
import { reapLeases } from "./reap-leases.ts";
import { relayDeliveries } from "./relay-deliveries.ts";
import { releaseHeld } from "./release-held.ts";
import { relayEvents, relayPublished } from "./relay-events.ts";
import { relayTasks } from "./relay-tasks.ts";
import { reseal } from "./reseal.ts";
import type { IsSpent } from "./rounds.ts";
import { syncSchedules } from "./sync-schedules.ts";
import { failSilentExecutors } from "./fail-silent-executors.ts";

type Duty = {
  readonly name: string;
  readonly run: (ctx: ServiceContext, now: Date, isSpent: IsSpent) => Promise<object>;
};

/** No duty begins another round after this time: the next run starts a minute after this one. */
const RUN_BUDGET_MS = 40_000;

/** What runs on each cron line of `wrangler.toml`. */
const DUTIES: Readonly<Record<string, readonly Duty[]>> = {
  "* * * * *": [
    { name: "relay tasks", run: relayTasks },
    { name: "reap leases", run: reapLeases },
    { name: "settle silent executors", run: failSilentExecutors },
    { name: "sync schedules", run: syncSchedules },
    { name: "relay events", run: relayEvents },
    { name: "relay published events", run: relayPublished },
    { name: "release held deliveries", run: releaseHeld },
    { name: "relay deliveries", run: relayDeliveries },
    { name: "reseal", run: reseal },
  ],
  "17 3 * * *": [{ name: "purge", run: purge }],
};

/**
 * Runs the duties of a cron line in sequence; a failed duty doesn't stop the others. `now` is the
 * time that the run was scheduled for. Throws when one failed, so that the platform's log shows it.
 */
export async function runCron(ctx: ServiceContext, cron: string, now: Date): Promise<void> {
  const startedAt = ctx.runtime.now().getTime();
  const isSpent = () => ctx.runtime.now().getTime() - startedAt >= RUN_BUDGET_MS;
  const failures: unknown[] = [];
  for (const duty of DUTIES[cron] ?? []) {
    try {
      ctx.runtime.log("info", duty.name, { ...(await duty.run(ctx, now, isSpent)) });
    } catch (error) {
      ctx.runtime.log("error", `${duty.name} failed`, { error: String(error) });
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `cron ${cron}`);
}
