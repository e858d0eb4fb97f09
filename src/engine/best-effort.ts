import { StoreUnavailableError } from "../ports/errors.ts";
import type { ServiceContext } from "./context.ts";

/**
 * Does what may be left undone while a store is down, because something stored will have it done
 * later; `instead` says what, in the log. Any other error is thrown on.
 */
export async function unlessUnavailable(
  ctx: ServiceContext,
  instead: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    ctx.runtime.log("warn", `${error.message}; ${instead}`, { cause: String(error.cause) });
  }
}
