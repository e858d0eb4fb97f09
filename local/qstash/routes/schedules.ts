import { resolveDestination } from "../destination.ts";
import { OK, ok, rawDestination } from "../route.ts";
import type { Route } from "../route.ts";

/** https://upstash.com/docs/qstash/api-reference/schedules. */
export const scheduleRoutes: readonly Route[] = [
  {
    // The documentation says POST and the SDK sends PATCH. It stands before the route that creates:
    // no destination has this form.
    methods: ["POST", "PATCH"],
    path: /^\/v2\/schedules\/([^/]+)\/(pause|resume)$/,
    run: ({ broker }, [scheduleId = "", verb]) => {
      broker.schedules.setPaused(scheduleId, verb === "pause");
      return OK;
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/schedules\/(.+)$/s,
    run: (call) => {
      const { broker, headers, body, callerIp } = call;
      const destination = rawDestination(call, "/v2/schedules/".length);
      resolveDestination(destination, broker.groups);
      const scheduleId = broker.schedules.upsert({ destination, headers, body, callerIp });
      return ok({ scheduleId });
    },
  },
  {
    methods: ["GET"],
    path: /^\/v2\/schedules$/,
    run: ({ broker }) => ok(broker.schedules.list()),
  },
  {
    methods: ["GET"],
    path: /^\/v2\/schedules\/([^/]+)$/,
    run: ({ broker }, [scheduleId = ""]) => ok(broker.schedules.view(scheduleId)),
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/schedules\/([^/]+)$/,
    run: ({ broker }, [scheduleId = ""]) => {
      broker.schedules.remove(scheduleId);
      return OK;
    },
  },
];
