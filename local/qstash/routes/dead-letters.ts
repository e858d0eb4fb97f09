import type { Broker } from "../broker.ts";
import type { DeadLetter } from "../dead-letters.ts";
import { showDeadLetter } from "../dead-letters.ts";
import { notFound } from "../errors.ts";
import { parseFilter, takePage } from "../filters.ts";
import type { Page } from "../filters.ts";
import type { Reply } from "../intake.ts";
import { parseOptions } from "../options.ts";
import { OK, ok } from "../route.ts";
import type { Call, Route } from "../route.ts";

/** The filters of https://upstash.com/docs/qstash/api-reference/dlq/list-dlq-messages. */
const DLQ_FILTERS = new Set([
  "dlqIds",
  "messageId",
  "url",
  "topicName",
  "scheduleId",
  "queueName",
  "fromDate",
  "toDate",
  "responseStatus",
  "callerIp",
  "callerIP",
  "label",
  "flowControlKey",
]);

/** https://upstash.com/docs/qstash/api-reference/dlq. */
export const deadLetterRoutes: readonly Route[] = [
  {
    methods: ["GET"],
    path: /^\/v2\/dlq$/,
    run: (call) => {
      const { items, cursor } = select(call);
      return ok({ messages: items.map(showDeadLetter), cursor: cursor });
    },
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/dlq$/,
    run: (call) => {
      const { items, cursor } = select(call);
      for (const letter of items) call.broker.deadLetters.remove(letter);
      return ok({ deleted: items.length, cursor: cursor });
    },
  },
  { methods: ["POST"], path: /^\/v2\/dlq\/retry$/, run: retryMany },
  {
    methods: ["POST"],
    path: /^\/v2\/dlq\/retry\/([^/]+)$/,
    run: (call, [dlqId = ""]) => ({
      status: 201,
      body: retry(call, call.broker.deadLetters.get(dlqId)),
    }),
  },
  {
    methods: ["GET"],
    path: /^\/v2\/dlq\/([^/]+)$/,
    run: ({ broker }, [dlqId = ""]) => ok(showDeadLetter(broker.deadLetters.get(dlqId))),
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/dlq\/([^/]+)$/,
    run: ({ broker }, [dlqId = ""]) => {
      broker.deadLetters.remove(broker.deadLetters.get(dlqId));
      return OK;
    },
  },
];

/** A missing dlqId turns the whole request down: .../dlq/bulk-retry-dlq-messages. */
function retryMany(call: Call): Reply {
  const { items, cursor = "" } = select(call);
  const asked = call.query.getAll("dlqIds").flatMap((ids) => ids.split(","));
  const missing = asked.filter((id) => !items.some(({ dlqId }) => dlqId === id));
  if (missing.length > 0) throw notFound(`not found in the dlq: ${missing.join(", ")}`);
  const responses = items.map((letter) => retry(call, letter));
  return { status: 201, body: { cursor, responses } };
}

/**
 * "A new message with the same body and headers is created [...] You can pass all configuration
 * headers to override": https://upstash.com/docs/qstash/api-reference/dlq/retry-a-dlq-message.
 */
function retry({ broker, headers }: Call, letter: DeadLetter): { messageId: string } {
  const { message } = letter;
  const { options } = message;
  const overrides = [...headers].filter(([name]) => name.startsWith("upstash-"));
  const kept = [...options.source].filter(([name]) => !PASSED_TIMES.has(name));
  const renewed = parseOptions(new Map([...kept, ...overrides]), {
    defaultRetries: options.maxRetries,
  });
  const nowMs = broker.timers.now();
  const { messageId } = broker.dispatcher.add({
    url: message.url,
    options: renewed,
    body: message.body,
    callerIp: message.callerIp,
    notBefore: renewed.notBeforeMs ?? nowMs + renewed.delayMs,
    topicName: message.topicName,
    endpointName: message.endpointName,
    queueName: message.queueName,
    scheduleId: message.scheduleId,
  });
  broker.deadLetters.remove(letter);
  return { messageId };
}

/** They were waited for before the first attempt; a retry goes out at once. */
const PASSED_TIMES = new Set(["upstash-delay", "upstash-not-before"]);

function select({ broker, query }: { broker: Broker; query: URLSearchParams }): Page<DeadLetter> {
  const matches = parseFilter(query, DLQ_FILTERS);
  const letters = broker.deadLetters.list().filter((letter) =>
    matches({
      message: letter.message,
      time: letter.failedAt,
      id: letter.dlqId,
      responseStatus: letter.answer?.status,
    }),
  );
  return takePage(letters, query, "earliestFirst");
}
