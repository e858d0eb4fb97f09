import type { Reporter } from "../engine/executors/authenticate-report.ts";
import type { CallerContext, NamespaceContext, ServiceContext } from "../engine/context.ts";

/**
 * What middleware leaves for the routes. The poll reads it with `c.get`, because `c.var` copies
 * everything at each access.
 */
export type AppEnv = {
  Bindings: object;
  Variables: {
    requestId: string;
    services: ServiceContext;
    /** Set by `verifySignature`: a message from the queue, as signed. */
    message: string;
    /** Set by `authenticateReport`. */
    reporter: Reporter;
    /** Set by `authenticate`. */
    caller: CallerContext;
    /** Set by `requireNamespace`. */
    inNamespace: NamespaceContext;
  };
};
