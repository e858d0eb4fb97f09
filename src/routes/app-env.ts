import type { Bindings } from "../deps.ts";
import type { CallerContext, NamespaceContext, ServiceContext } from "../services/context.ts";

/** What middleware leaves for the routes. */
export type AppEnv = {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    services: ServiceContext;
    /** Set behind `authenticate`. */
    caller: CallerContext;
    /** Set behind `requireNamespace`. */
    inNamespace: NamespaceContext;
  };
};
