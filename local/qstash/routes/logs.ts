import { showEvent } from "../event-log.ts";
import type { EventState } from "../event-log.ts";
import { parseFilter, takePage } from "../filters.ts";
import { ok } from "../route.ts";
import type { Route } from "../route.ts";

/** The filters of https://upstash.com/docs/qstash/api-reference/logs/list-logs. */
const LOG_FILTERS = new Set([
  "messageId",
  "messageIds",
  "state",
  "url",
  "host",
  "path",
  "topicName",
  "scheduleId",
  "queueName",
  "fromDate",
  "toDate",
  "callerIp",
  "callerIP",
  "label",
  "flowControlKey",
]);

/** The same list under the documentation's name and under the one that the SDK asks for. */
export const logRoutes: readonly Route[] = (["logs", "events"] as const).map((name) => ({
  methods: ["GET"],
  path: new RegExp(`^/v2/${name}$`),
  run: ({ broker, query }) => {
    const matches = parseFilter(query, LOG_FILTERS);
    const found = broker.log
      .earliestFirst()
      .filter(({ message, time, state }) => matches({ message, time, states: statesOf(state) }));
    const { items, cursor } = takePage(found, query, "latestFirst");
    return ok({ [name]: items.map(showEvent), cursor: cursor });
  },
}));

/** "IN_PROGRESS: the task is in one of ACTIVE, RETRY or ERROR state." */
function statesOf(state: EventState): readonly string[] {
  const isInProgress = state === "ACTIVE" || state === "RETRY" || state === "ERROR";
  return isInProgress ? [state, "IN_PROGRESS"] : [state];
}
