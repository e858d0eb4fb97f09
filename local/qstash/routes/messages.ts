import { notFound } from "../errors.ts";
import { parseFilter } from "../filters.ts";
import { showMessage } from "../message.ts";
import type { Message } from "../message.ts";
import { ok } from "../route.ts";
import type { Call, Route } from "../route.ts";
import type { Reply } from "../intake.ts";

/** The filters of https://upstash.com/docs/qstash/api-reference/messages/bulk-cancel-messages. */
const CANCEL_FILTERS = new Set([
  "messageIds",
  "topicName",
  "queueName",
  "url",
  "host",
  "path",
  "label",
  "flowControlKey",
  "fromDate",
  "toDate",
  "scheduleId",
  "callerIp",
  "callerIP",
]);

/** https://upstash.com/docs/qstash/api-reference/messages/get-a-message, cancel-a-message, ... */
export const messageRoutes: readonly Route[] = [
  {
    methods: ["GET"],
    path: /^\/v2\/messages\/([^/]+)$/,
    run: (call, [messageId = ""]) => ok(showMessage(find(call, messageId))),
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/messages\/([^/]+)$/,
    run: (call, [messageId = ""]) => {
      call.broker.dispatcher.cancel(find(call, messageId));
      return { status: 202, body: { cancelled: 1 } };
    },
  },
  { methods: ["DELETE"], path: /^\/v2\/messages$/, run: cancelMany },
];

/** "If no filter or messageIds are sent, QStash will cancel all of your messages." */
function cancelMany({ broker, query }: Call): Reply {
  const matches = parseFilter(query, CANCEL_FILTERS);
  const messages = broker.dispatcher
    .pending()
    .filter((message) => !message.isCancelRequested)
    .filter((message) => matches({ message, time: message.createdAt }));
  for (const message of messages) broker.dispatcher.cancel(message);
  return { status: 202, body: { cancelled: messages.length } };
}

function find({ broker }: Call, messageId: string): Message {
  const message = broker.dispatcher.get(messageId);
  if (message === undefined) throw notFound(`message ${messageId} not found`);
  return message;
}
