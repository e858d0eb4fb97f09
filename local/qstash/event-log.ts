import { KEPT_LOGS } from "./limits.ts";
import { showFlowControl, showLabels } from "./message.ts";
import type { Message } from "./message.ts";
import type { HeaderValues } from "./outcome.ts";
import { redact, redactHeader } from "./redaction.ts";

/** The states of https://upstash.com/docs/qstash/howto/debug-logs. */
export type EventState =
  | "CREATED"
  | "ACTIVE"
  | "RETRY"
  | "ERROR"
  | "DELIVERED"
  | "FAILED"
  | "CANCEL_REQUESTED"
  | "CANCELLED";

export type EventDetail = {
  readonly error?: string | undefined;
  readonly nextDeliveryTime?: number | undefined;
  readonly responseStatus?: number | undefined;
  readonly responseHeaders?: HeaderValues | undefined;
  /** Base64. */
  readonly responseBody?: string | undefined;
};

type LogEvent = {
  readonly sequence: number;
  readonly time: number;
  readonly state: EventState;
  readonly message: Message;
  readonly detail: EventDetail;
};

/** What happened to which message, newest last, and the state that each was last seen in. */
export class EventLog {
  #events: LogEvent[] = [];
  #sequence = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  record(message: Message, state: EventState, detail: EventDetail = {}): void {
    this.#sequence += 1;
    this.#events.push({ sequence: this.#sequence, time: this.#now(), state, message, detail });
    // Twice the number kept before anything is dropped: dropping one at a time would be slow.
    if (this.#events.length > 2 * KEPT_LOGS) this.#events = this.#events.slice(-KEPT_LOGS);
  }

  earliestFirst(): LogEvent[] {
    return this.#events.slice(-KEPT_LOGS);
  }

  latestState(messageId: string): EventState | undefined {
    return this.#events.findLast((event) => event.message.messageId === messageId)?.state;
  }
}

/** One entry of https://upstash.com/docs/qstash/api-reference/logs/list-logs. */
export function showEvent({ time, state, message, detail }: LogEvent) {
  const { options } = message;
  return {
    time,
    messageId: message.messageId,
    state,
    url: message.url,
    method: options.method,
    header: redactHeader(options.header, options.redaction),
    body: options.redaction.body ? redact(message.body) : message.body.toString("base64"),
    maxRetries: options.maxRetries,
    retryDelayExpression: options.retryDelay?.source,
    timeout: options.timeoutMs,
    topicName: message.topicName,
    endpointName: message.endpointName,
    scheduleId: message.scheduleId,
    queueName: message.queueName,
    callback: options.callback?.url,
    failureCallback: options.failureCallback?.url,
    callerIP: message.callerIp,
    ...showLabels(options.labels),
    ...showFlowControl(options),
    ...detail,
  };
}
