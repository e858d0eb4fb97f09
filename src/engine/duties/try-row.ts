import { StoreUnavailableError } from "../../ports/errors.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Whether the work on one row was done; what it throws is logged. One bad row doesn't hold up the
 * others, now or at the next run. A store that is down does, and is thrown on.
 */
export async function tryRow(
  ctx: ServiceContext,
  id: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    ctx.runtime.log("error", "cron could not do its work on one row", {
      id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return false;
  }
}
