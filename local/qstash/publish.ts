import { deduplicationKey } from "./deduplication.ts";
import type { Deduplication, Published } from "./deduplication.ts";
import { resolveDestination } from "./destination.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { limitExceeded } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { parseOptions } from "./options.ts";
import type { HeaderSource } from "./options.ts";
import { checkName } from "./queues.ts";
import type { UrlGroups } from "./url-groups.ts";

export type PublishRequest = {
  readonly destination: string;
  readonly headers: HeaderSource;
  readonly body: Buffer;
  readonly callerIp: string;
  readonly queueName?: string | undefined;
  readonly scheduleId?: string | undefined;
};

export type PublishReply = {
  readonly isDuplicate: boolean;
  /** One message for a URL; for a group an array. */
  readonly body: PublishedBody | readonly PublishedBody[];
};

type PublishedBody = {
  readonly messageId: string;
  readonly url?: string;
  readonly deduplicated?: boolean;
};

type PublishTools = {
  readonly dispatcher: Dispatcher;
  readonly groups: UrlGroups;
  readonly deduplication: Deduplication;
  readonly now: () => number;
};

/**
 * Accepts a message, or one for each endpoint of a group, unless it is a duplicate.
 *
 * From https://upstash.com/docs/qstash/api-reference/messages/publish-a-message and
 * .../enqueue-a-message.
 */
export function publish(request: PublishRequest, tools: PublishTools): PublishReply {
  const { body, callerIp, scheduleId } = request;
  const destination = resolveDestination(request.destination, tools.groups);
  const isGroup = destination.kind === "group";
  const headers = isGroup
    ? new Map([...destination.group.headers, ...request.headers])
    : request.headers;
  const options = parseOptions(headers);
  const queueName = request.queueName ?? options.queueName;
  if (queueName !== undefined) checkName(queueName);
  if (body.length > LIMITS.messageBytes) {
    throw limitExceeded(`the message is above the plan's limit of ${LIMITS.messageBytes} bytes`);
  }
  const key = deduplicationKey(request.destination, options, body);
  const earlier = key === undefined ? undefined : tools.deduplication.find(key);
  if (earlier !== undefined) return reply(earlier, isGroup, true);

  const notBefore = options.notBeforeMs ?? tools.now() + options.delayMs;
  if (notBefore - tools.now() > LIMITS.delayMs) {
    throw limitExceeded("Upstash-Not-Before is above the limit of one year from now");
  }
  const published = destination.endpoints.map((endpoint) => {
    const { messageId, url } = tools.dispatcher.add({
      url: endpoint.url,
      options,
      body,
      callerIp,
      notBefore,
      topicName: isGroup ? destination.group.name : undefined,
      endpointName: endpoint.name,
      queueName,
      scheduleId,
    });
    return { messageId, url };
  });
  if (key !== undefined) tools.deduplication.remember(key, published);
  return reply(published, isGroup, false);
}

function reply(
  messages: readonly Published[],
  isGroup: boolean,
  isDuplicate: boolean,
): PublishReply {
  const mark = isDuplicate ? { deduplicated: true } : {};
  const [first] = messages;
  const body =
    isGroup || first === undefined
      ? messages.map((message) => ({ ...message, ...mark }))
      : { messageId: first.messageId, url: first.url, ...mark };
  return { isDuplicate, body };
}
