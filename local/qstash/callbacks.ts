import type { Message, MessageSeed } from "./message.ts";
import { parseOptions } from "./options.ts";
import type { CallbackSetting } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { canonicalName } from "./outcome.ts";

/**
 * The message that tells of an attempt: a callback after each, a failure callback after the last.
 *
 * From https://upstash.com/docs/qstash/features/callbacks. Unless it has a setting of its own, it is
 * retried as often as the message that it tells of.
 */
export function callbackSeed(
  setting: CallbackSetting,
  options: {
    readonly message: Message;
    readonly outcome: Outcome;
    readonly dlqId: string | undefined;
    readonly nowMs: number;
  },
): MessageSeed {
  const { message, nowMs } = options;
  const headers = new Map([...setting.headers, ["content-type", "application/json"]]);
  const parsed = parseOptions(headers, { defaultRetries: message.options.maxRetries });
  return {
    url: setting.url,
    options: parsed,
    body: Buffer.from(JSON.stringify(callbackBody(options))),
    callerIp: message.callerIp,
    notBefore: parsed.notBeforeMs ?? nowMs + parsed.delayMs,
    parent: message,
  };
}

function callbackBody({
  message,
  outcome,
  dlqId,
}: {
  readonly message: Message;
  readonly outcome: Outcome;
  readonly dlqId: string | undefined;
}) {
  const answer = outcome.kind === "answered" ? outcome.answer : undefined;
  const sourceHeader = Object.entries(message.options.header);
  return {
    // No answer at all has no status; 0 is this stand-in's choice.
    status: answer?.status ?? 0,
    header: answer?.header ?? {},
    body: answer?.body.toString("base64") ?? "",
    retried: message.retried,
    maxRetries: message.options.maxRetries,
    dlqId: dlqId,
    sourceMessageId: message.messageId,
    topicName: message.topicName,
    endpointName: message.endpointName,
    url: message.url,
    method: message.options.method,
    sourceHeader: Object.fromEntries(
      sourceHeader.map(([name, value]) => [canonicalName(name), [value]]),
    ),
    sourceBody: message.body.toString("base64"),
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    scheduleId: message.scheduleId,
    callerIP: message.callerIp,
  };
}
