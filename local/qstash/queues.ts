import { invalid, limitExceeded, notFound } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import type { Message } from "./message.ts";

type QueueBody = {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly parallelism: number;
  readonly paused: boolean;
  /** How many messages of the queue are not settled yet. */
  readonly lag: number;
};

type Queue = {
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  parallelism: number;
  isPaused: boolean;
  /** Not begun, in the order of arrival. A Set keeps that order and gives up any one at once. */
  readonly waiting: Set<Message>;
  readonly begun: Set<Message>;
  /** Begun, due for a retry, and kept back because the queue is paused. */
  readonly heldRetries: Set<Message>;
};

const NAME = /^[A-Za-z0-9._-]+$/;

/**
 * Ordered delivery: a message begins when there is room among the `parallelism` before it, and
 * leaves only when it is settled and its callbacks are too.
 *
 * From https://upstash.com/docs/qstash/features/queues.
 */
export class Queues {
  readonly #queues = new Map<string, Queue>();
  readonly #release: (message: Message) => void;
  readonly #now: () => number;

  constructor(now: () => number, release: (message: Message) => void) {
    this.#now = now;
    this.#release = release;
  }

  /** Creates or changes a queue: https://upstash.com/docs/qstash/api-reference/queues/upsert-a-queue. */
  upsert(name: string, parallelism: number, isPaused: boolean): void {
    if (!Number.isInteger(parallelism) || parallelism < 1) {
      throw invalid(`invalid parallelism: ${parallelism} is not a whole number above 0`);
    }
    if (parallelism > LIMITS.parallelism) {
      throw limitExceeded(`parallelism is above the plan's limit of ${LIMITS.parallelism}`);
    }
    const queue = this.#ensure(name);
    queue.parallelism = parallelism;
    this.setPaused(name, isPaused);
  }

  setPaused(name: string, isPaused: boolean): void {
    const queue = this.#get(name);
    queue.isPaused = isPaused;
    queue.updatedAt = this.#now();
    if (isPaused) return;
    for (const message of queue.heldRetries) {
      queue.heldRetries.delete(message);
      this.#release(message);
    }
    this.#pump(queue);
  }

  view(name: string): QueueBody {
    return show(this.#get(name));
  }

  list(): QueueBody[] {
    return [...this.#queues.values()].map(show);
  }

  /** Forgets the queue and answers the messages that were in it. */
  remove(name: string): Message[] {
    checkName(name);
    const queue = this.#queues.get(name);
    this.#queues.delete(name);
    return queue === undefined ? [] : [...queue.waiting, ...queue.begun];
  }

  /** A queue that doesn't exist is made: .../api-reference/messages/enqueue-a-message. */
  enter(name: string, message: Message): void {
    const queue = this.#ensure(name);
    message.state = "held";
    queue.waiting.add(message);
    this.#pump(queue);
  }

  /** A begun message is due again; a paused queue keeps it back. */
  retry(name: string, message: Message): void {
    const queue = this.#queues.get(name);
    if (queue?.isPaused === true) {
      message.state = "held";
      queue.heldRetries.add(message);
    } else {
      this.#release(message);
    }
  }

  leave(name: string, message: Message): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    queue.waiting.delete(message);
    queue.heldRetries.delete(message);
    queue.begun.delete(message);
    this.#pump(queue);
  }

  #pump(queue: Queue): void {
    for (const message of queue.waiting) {
      if (queue.isPaused || queue.begun.size >= queue.parallelism) return;
      queue.waiting.delete(message);
      queue.begun.add(message);
      this.#release(message);
    }
  }

  #get(name: string): Queue {
    checkName(name);
    const queue = this.#queues.get(name);
    if (queue === undefined) throw notFound(`queue ${name} not found`);
    return queue;
  }

  #ensure(name: string): Queue {
    checkName(name);
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    if (this.#queues.size >= LIMITS.queues) {
      throw limitExceeded(`the plan's limit of ${LIMITS.queues} queues is reached`);
    }
    const queue: Queue = {
      name,
      createdAt: this.#now(),
      updatedAt: this.#now(),
      parallelism: 1,
      isPaused: false,
      waiting: new Set(),
      begun: new Set(),
      heldRetries: new Set(),
    };
    this.#queues.set(name, queue);
    return queue;
  }
}

export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw invalid(`invalid queue name "${name}" (letters, digits, hyphens, periods, underscores)`);
}

function show(queue: Queue): QueueBody {
  const { name, createdAt, updatedAt, parallelism, isPaused, waiting, begun } = queue;
  const lag = waiting.size + begun.size;
  return { name, createdAt, updatedAt, parallelism, paused: isPaused, lag };
}
