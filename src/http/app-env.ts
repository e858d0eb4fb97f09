import type { Reporter } from "../engine/executors/authenticate-report.ts";
import type { CallerContext, NamespaceContext, ServiceContext } from "../engine/context.ts";

/**
 * What middleware leaves for the routes. The poll's way reads it with `c.get`: `c.var` copies all
 * of it at each access.
 */
export type AppEnv = {
  Bindings: object;
  Variables: {
    requestId: string;
    services: ServiceContext;
    /** Set behind `verifySignature`: a message from the queue, as it was signed. */
    message: string;
    /** Set behind `authenticateReport`. */
    reporter: Reporter;
    /** Set behind `authenticate`. */
    caller: CallerContext;
    /** Set behind `requireNamespace`. */
    inNamespace: NamespaceContext;
  };
};
