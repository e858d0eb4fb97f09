import { StoreUnavailableError } from "../../ports/errors.ts";
import type { ServiceContext } from "../context.ts";

/**
 * 1 when the work on one row failed, with a line in the log, else 0: one bad row doesn't hold up
 * the others, now or at the next run. A store that is down does, and is thrown on.
 */
export async function failuresOf(
  ctx: ServiceContext,
  id: string,
  work: () => Promise<unknown>,
): Promise<0 | 1> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    ctx.runtime.log("error", "cron could not do its work on one row", {
      id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return 1;
  }
}
