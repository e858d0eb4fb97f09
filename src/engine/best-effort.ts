import { StoreUnavailableError } from "../ports/errors.ts";
import type { ServiceContext } from "./context.ts";

/** What happens when optional work fails. */
export type Fallback = {
  /** For the log: what becomes of it, or who does it later. */
  readonly log: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /**
   * `outages`, the default: ignores only a store that is down and rethrows the rest. `everything`:
   * ignores any error.
   */
  readonly on?: "outages" | "everything";
};

/**
 * Does work that may fail, because stored state gets it done later, or because it is only for
 * speed. Returns null when it failed, which is then logged.
 */
export async function bestEffort<Answer>(
  ctx: Pick<ServiceContext, "runtime">,
  { log, fields, on = "outages" }: Fallback,
  work: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await work();
  } catch (error) {
    const isOutage = error instanceof StoreUnavailableError;
    if (on === "outages" && !isOutage) throw error;
    ctx.runtime.log("warn", log, {
      ...fields,
      error: String(error),
      ...(isOutage && { cause: String(error.cause) }),
    });
    return null;
  }
}
