import { StoreUnavailableError } from "../ports/errors.ts";
import type { ServiceContext } from "./context.ts";

/** What happens when work that may be left undone fails. */
export type Fallback = {
  /** For the log: what becomes of it, or who does it later. */
  readonly log: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** `outages`, the default: a store that is down; anything else is thrown on. `everything`: any error. */
  readonly on?: "outages" | "everything";
};

/**
 * Does what may be left undone, because something stored will have it done later, or because it is
 * only a matter of speed. Null when it failed, which is then in the log.
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
