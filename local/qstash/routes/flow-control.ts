import { parseLimit, parsePeriodSeconds } from "../flow-control-value.ts";
import { DELIVERIES_AT_ONCE } from "../limits.ts";
import { OK, ok } from "../route.ts";
import type { Route } from "../route.ts";

/** https://upstash.com/docs/qstash/api-reference/flow-control. */
export const flowControlRoutes: readonly Route[] = [
  {
    methods: ["GET"],
    path: /^\/v2\/flowControl$/,
    run: ({ broker }) => ok(broker.dispatcher.flowControl.list()),
  },
  {
    methods: ["GET"],
    path: /^\/v2\/flowControl\/([^/]+)$/,
    run: ({ broker }, [key = ""]) => ok(broker.dispatcher.flowControl.view(key)),
  },
  {
    methods: ["POST"],
    path: /^\/v2\/flowControl\/([^/]+)\/(pause|resume)$/,
    run: ({ broker }, [key = "", verb]) => {
      broker.dispatcher.flowControl.setPaused(key, verb === "pause");
      return OK;
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/flowControl\/([^/]+)\/pin$/,
    run: ({ broker, query }, [key = ""]) => {
      const read = <Value>(name: string, parse: (text: string) => Value): Value | undefined => {
        const text = query.get(name);
        return text === null ? undefined : parse(text);
      };
      broker.dispatcher.flowControl.pin(key, {
        parallelism: read("parallelism", (text) => parseLimit("parallelism", text)),
        rate: read("rate", (text) => parseLimit("rate", text)),
        periodSeconds: read("period", parsePeriodSeconds),
      });
      return OK;
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/flowControl\/([^/]+)\/unpin$/,
    run: ({ broker, query }, [key = ""]) => {
      broker.dispatcher.flowControl.unpin(key, {
        parallelism: query.get("parallelism") === "true",
        rate: query.get("rate") === "true",
      });
      return OK;
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/flowControl\/([^/]+)\/resetRate$/,
    run: ({ broker }, [key = ""]) => {
      broker.dispatcher.flowControl.resetRate(key);
      return OK;
    },
  },
  {
    methods: ["GET"],
    path: /^\/v2\/globalParallelism$/,
    run: ({ broker }) =>
      ok({
        parallelismMax: DELIVERIES_AT_ONCE,
        parallelismCount: broker.dispatcher.activeCount,
      }),
  },
];
