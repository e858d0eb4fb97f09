import { randomUUID } from "node:crypto";
import { isUtf8 } from "node:buffer";
import type { MessageOptions } from "./options.ts";
import type { HeaderValues } from "./outcome.ts";
import { redact, redactHeader } from "./redaction.ts";
import type { Redaction } from "./redaction.ts";

/** `waiting` until a time, `held` by a queue, a flow-control key or the server, or `active`. */
type MessageState = "waiting" | "held" | "active";

/** What a message is published with. */
export type MessageSeed = {
  readonly url: string;
  readonly options: MessageOptions;
  readonly body: Buffer;
  readonly callerIp: string;
  readonly notBefore: number;
  readonly topicName?: string | undefined;
  readonly endpointName?: string | undefined;
  readonly queueName?: string | undefined;
  readonly scheduleId?: string | undefined;
  /** The message that this one is a callback of. */
  readonly parent?: Message | undefined;
};

/** A message on its way. It leaves the stand-in when it is delivered, failed or cancelled. */
export type Message = Omit<MessageSeed, "notBefore"> & {
  readonly messageId: string;
  readonly createdAt: number;
  notBefore: number;
  retried: number;
  state: MessageState;
  isCancelRequested: boolean;
  /** Settled, one way or the other; its queue may still wait for its callbacks. */
  isClosed: boolean;
  openCallbacks: number;
  cancelTimer: () => void;
};

export function createMessage(seed: MessageSeed, createdAt: number): Message {
  return {
    ...seed,
    messageId: `msg_${randomUUID().replaceAll("-", "")}`,
    createdAt,
    retried: 0,
    state: "waiting",
    isCancelRequested: false,
    isClosed: false,
    openCallbacks: 0,
    cancelTimer: () => undefined,
  };
}

/** The message as `GET /v2/messages/{id}` answers it; JSON leaves out what is undefined. */
type MessageBody = {
  readonly messageId: string;
  readonly url: string;
  readonly topicName?: string | undefined;
  readonly endpointName?: string | undefined;
  readonly method: string;
  readonly header: HeaderValues;
  readonly body?: string | undefined;
  readonly bodyBase64?: string | undefined;
  readonly maxRetries: number;
  readonly retryDelayExpression?: string | undefined;
  readonly notBefore: number;
  readonly createdAt: number;
  readonly callback?: string | undefined;
  readonly failureCallback?: string | undefined;
  readonly queueName?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly callerIP: string;
  readonly label?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly flowControlKey?: string | undefined;
  readonly rate?: number | undefined;
  readonly period?: number | undefined;
  readonly parallelism?: number | undefined;
};

/** What a test sees of a message that waits: what it is, how far it has come and until when. */
export type MessageView = MessageBody & {
  readonly state: MessageState;
  readonly retried: number;
};

/**
 * The body of https://upstash.com/docs/qstash/api-reference/messages/get-a-message; what the
 * publisher asked to redact is answered as its hash.
 */
export function showMessage(message: Message): MessageBody {
  const { options } = message;
  return {
    messageId: message.messageId,
    url: message.url,
    topicName: message.topicName,
    endpointName: message.endpointName,
    method: options.method,
    header: redactHeader(options.header, options.redaction),
    ...showBody(message.body, options.redaction),
    maxRetries: options.maxRetries,
    retryDelayExpression: options.retryDelay?.source,
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    callback: options.callback?.url,
    failureCallback: options.failureCallback?.url,
    queueName: message.queueName,
    scheduleId: message.scheduleId,
    callerIP: message.callerIp,
    ...showLabels(options.labels),
    ...showFlowControl(options),
  };
}

export function viewMessage(message: Message): MessageView {
  return { ...showMessage(message), state: message.state, retried: message.retried };
}

/** Bytes as text when they are UTF-8, else as base64; neither when there are none. */
export function showBytes(bytes: Buffer): {
  readonly text: string | undefined;
  readonly base64: string | undefined;
} {
  if (bytes.length === 0) return { text: undefined, base64: undefined };
  return isUtf8(bytes)
    ? { text: bytes.toString("utf8"), base64: undefined }
    : { text: undefined, base64: bytes.toString("base64") };
}

/** A body as the API shows it: redacted if its publisher asked for that. */
export function showBody(
  bytes: Buffer,
  redaction: Redaction,
): { readonly body: string | undefined; readonly bodyBase64: string | undefined } {
  if (redaction.body) return { body: redact(bytes), bodyBase64: undefined };
  const { text, base64 } = showBytes(bytes);
  return { body: text, bodyBase64: base64 };
}

/** `labels` has all of them. `label`, which it replaces, has the first (the SDK's typings). */
export function showLabels(labels: readonly string[]): {
  readonly label?: string | undefined;
  readonly labels?: readonly string[] | undefined;
} {
  return labels.length === 0 ? {} : { label: labels[0], labels };
}

export function showFlowControl(options: MessageOptions): {
  readonly flowControlKey?: string | undefined;
  readonly rate?: number | undefined;
  readonly period?: number | undefined;
  readonly parallelism?: number | undefined;
} {
  const { flowControl } = options;
  if (flowControl === undefined) return {};
  return {
    flowControlKey: flowControl.key,
    rate: flowControl.rate,
    period: flowControl.rate === undefined ? undefined : flowControl.periodSeconds,
    parallelism: flowControl.parallelism,
  };
}
