import { invalid } from "../errors.ts";
import { OK, isRecord, ok, parseJson } from "../route.ts";
import type { Route } from "../route.ts";

/** https://upstash.com/docs/qstash/api-reference/queues. */
export const queueRoutes: readonly Route[] = [
  {
    methods: ["POST"],
    path: /^\/v2\/queues$/,
    run: ({ broker, body }) => {
      const json = parseJson(body);
      if (!isRecord(json)) throw invalid("the body is not an object");
      const { queueName, parallelism = 1, paused = false } = json;
      if (typeof queueName !== "string") throw invalid("queueName is missing");
      if (typeof parallelism !== "number") throw invalid("parallelism is not a number");
      if (typeof paused !== "boolean") throw invalid("paused is not a boolean");
      broker.dispatcher.queues.upsert(queueName, parallelism, paused);
      return OK;
    },
  },
  {
    methods: ["GET"],
    path: /^\/v2\/queues$/,
    run: ({ broker }) => ok(broker.dispatcher.queues.list()),
  },
  {
    methods: ["GET"],
    path: /^\/v2\/queues\/([^/]+)$/,
    run: ({ broker }, [name = ""]) => ok(broker.dispatcher.queues.view(name)),
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/queues\/([^/]+)$/,
    run: ({ broker }, [name = ""]) => {
      for (const message of broker.dispatcher.queues.remove(name)) {
        broker.dispatcher.cancel(message);
      }
      return OK;
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/queues\/([^/]+)\/(pause|resume)$/,
    run: ({ broker }, [name = "", verb]) => {
      broker.dispatcher.queues.setPaused(name, verb === "pause");
      return OK;
    },
  },
];
