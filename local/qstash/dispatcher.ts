/**
 * Takes a message from its acceptance to its end.
 *
 * The way of an attempt: its queue lets the message begin → it waits until it is due → its
 * flow-control key has room → the server has room → the destination is called. Whatever lets a
 * message go on calls the next step itself, so nothing polls.
 */
import type { Activity } from "./activity.ts";
import { attempt, deliverOperation } from "./attempts.ts";
import type { AttemptTools } from "./attempts.ts";
import { callbackSeed } from "./callbacks.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { EventDetail, EventLog } from "./event-log.ts";
import { FlowControl } from "./flow-control.ts";
import { DELIVERIES_AT_ONCE } from "./limits.ts";
import { createMessage } from "./message.ts";
import type { Message, MessageSeed } from "./message.ts";
import type { CallbackSetting } from "./options.ts";
import { isDelivered, isNonRetryable } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { Queues } from "./queues.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { Timers } from "./timers.ts";

type DispatcherTools = AttemptTools & {
  readonly timers: Timers;
  readonly activity: Activity;
  readonly log: EventLog;
  readonly deadLetters: DeadLetters;
};

export class Dispatcher {
  readonly queues: Queues;
  readonly flowControl: FlowControl;
  readonly #tools: DispatcherTools;
  readonly #pending = new Map<string, Message>();
  readonly #awaitingRoom = new Set<Message>();
  #active = 0;
  #isStopped = false;

  constructor(tools: DispatcherTools) {
    this.#tools = tools;
    this.queues = new Queues(tools.now, (message) => this.#awaitDue(message));
    this.flowControl = new FlowControl(tools.timers, (message) => this.#awaitRoom(message));
  }

  add(seed: MessageSeed): Message {
    const message = createMessage(seed, this.#tools.now());
    const { flowControl } = message.options;
    this.#pending.set(message.messageId, message);
    this.#tools.log.record(message, "CREATED");
    if (message.parent !== undefined) message.parent.openCallbacks += 1;
    if (flowControl !== undefined) this.flowControl.configure(flowControl.key, flowControl);
    if (message.queueName === undefined) this.#awaitDue(message);
    else this.queues.enter(message.queueName, message);
    return message;
  }

  get(messageId: string): Message | undefined {
    return this.#pending.get(messageId);
  }

  pending(): Message[] {
    return [...this.#pending.values()];
  }

  get activeCount(): number {
    return this.#active;
  }

  /**
   * A message that waits is gone at once; one in flight ends with its attempt, and may be delivered.
   *
   * From https://upstash.com/docs/qstash/howto/debug-logs.
   */
  cancel(message: Message): void {
    if (message.isCancelRequested) return;
    message.isCancelRequested = true;
    this.#tools.log.record(message, "CANCEL_REQUESTED");
    if (message.state === "active") return;
    this.#tools.log.record(message, "CANCELLED");
    this.#close(message);
  }

  /** Starts nothing any more; what is in flight ends by itself. */
  stop(): void {
    this.#isStopped = true;
  }

  #awaitDue(message: Message): void {
    if (message.notBefore <= this.#tools.now()) {
      this.#awaitFlowControl(message);
      return;
    }
    message.state = "waiting";
    message.cancelTimer = this.#tools.timers.at(message.notBefore, () => {
      this.#awaitFlowControl(message);
    });
  }

  #awaitFlowControl(message: Message): void {
    const { flowControl } = message.options;
    if (flowControl === undefined) this.#awaitRoom(message);
    else this.flowControl.enter(flowControl.key, message);
  }

  #awaitRoom(message: Message): void {
    message.state = "held";
    const operation = deliverOperation(message);
    const release = (): void => {
      if (!message.isClosed) this.#joinRoom(message);
    };
    if (this.#tools.misbehaviours.hold(operation, message.body, release)) return;
    release();
  }

  #joinRoom(message: Message): void {
    this.#awaitingRoom.add(message);
    this.#fillRoom();
  }

  #fillRoom(): void {
    for (const message of this.#awaitingRoom) {
      if (this.#active >= DELIVERIES_AT_ONCE || this.#isStopped) return;
      this.#awaitingRoom.delete(message);
      void this.#run(message);
    }
  }

  async #run(message: Message): Promise<void> {
    const end = this.#tools.activity.begin();
    this.#active += 1;
    message.state = "active";
    this.#tools.log.record(message, "ACTIVE");
    const outcome = await attempt(message, this.#tools);
    this.#active -= 1;
    if (!this.#isStopped) {
      this.#settle(message, outcome);
      this.#tools.misbehaviours.attemptEnded();
      this.#fillRoom();
    }
    end();
  }

  #settle(message: Message, outcome: Outcome): void {
    const { log, deadLetters } = this.#tools;
    const answer = outcome.kind === "answered" ? outcome.answer : undefined;
    const { callback, failureCallback, flowControl, maxRetries } = message.options;
    const isLast = message.retried >= maxRetries || isNonRetryable(outcome);
    if (isDelivered(outcome)) {
      log.record(message, "DELIVERED", { responseStatus: answer?.status });
      this.#callBack(callback, message, outcome, undefined);
      this.#close(message);
      return;
    }
    log.record(message, "ERROR", errorDetail(outcome));
    if (message.isCancelRequested) {
      log.record(message, "CANCELLED");
      this.#close(message);
    } else if (isLast) {
      log.record(message, "FAILED", errorDetail(outcome));
      const { dlqId } = deadLetters.add(message, answer);
      this.#callBack(callback, message, outcome, dlqId);
      this.#callBack(failureCallback, message, outcome, dlqId);
      this.#close(message);
    } else {
      this.#callBack(callback, message, outcome, undefined);
      message.state = "held";
      if (flowControl !== undefined) this.flowControl.leave(flowControl.key, message);
      this.#retryLater(message, outcome);
    }
  }

  #retryLater(message: Message, outcome: Outcome): void {
    const { timers, log } = this.#tools;
    const nowMs = timers.now();
    const waitMs = retryDelayMs({
      retried: message.retried,
      expression: message.options.retryDelay,
      answer: outcome.kind === "answered" ? outcome.answer : undefined,
      nowMs,
    });
    message.retried += 1;
    message.notBefore = Math.ceil(nowMs + waitMs);
    message.state = "waiting";
    log.record(message, "RETRY", { nextDeliveryTime: message.notBefore });
    message.cancelTimer = timers.at(message.notBefore, () => {
      if (message.queueName === undefined) this.#awaitDue(message);
      else this.queues.retry(message.queueName, message);
    });
  }

  #callBack(
    setting: CallbackSetting | undefined,
    message: Message,
    outcome: Outcome,
    dlqId: string | undefined,
  ): void {
    if (setting === undefined) return;
    this.add(callbackSeed(setting, { message, outcome, dlqId, nowMs: this.#tools.now() }));
  }

  #close(message: Message): void {
    const { flowControl } = message.options;
    message.isClosed = true;
    message.cancelTimer();
    this.#pending.delete(message.messageId);
    this.#awaitingRoom.delete(message);
    if (flowControl !== undefined) this.flowControl.leave(flowControl.key, message);
    this.#leaveQueueWhenDone(message);
    if (message.parent === undefined) return;
    message.parent.openCallbacks -= 1;
    this.#leaveQueueWhenDone(message.parent);
  }

  /** "Next message will wait for callbacks or failure callbacks to finish": .../features/queues. */
  #leaveQueueWhenDone(message: Message): void {
    if (message.queueName === undefined || !message.isClosed || message.openCallbacks > 0) return;
    this.queues.leave(message.queueName, message);
  }
}

function errorDetail(outcome: Outcome): EventDetail {
  if (outcome.kind === "unanswered") return { error: outcome.error };
  const { status, header, body } = outcome.answer;
  return {
    error: `destination answered ${status}`,
    responseStatus: status,
    responseHeaders: header,
    responseBody: body.toString("base64"),
  };
}
