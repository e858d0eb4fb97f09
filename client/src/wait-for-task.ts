import { type Config, prepare } from "./call.ts";
import type { Task, TaskStatus } from "./contract.ts";
import {
  DeadlineError,
  NotFoundError,
  TaskFailedError,
  UnexpectedAnswerError,
  type Waited,
} from "./errors.ts";
import { DEFAULT_TIMEOUT_MS } from "./options.ts";
import { parseRetryAfter } from "./retry-timing.ts";
import { type Runtime, sleep } from "./runtime.ts";
import { isTransient, send } from "./send.ts";

/** What `waitForTask` takes beside the task's id. */
export type WaitOptions<Seen extends Waited = Waited> = {
  /** Gives up: rejects with the signal's reason. The task runs on. */
  readonly signal?: AbortSignal;
  /**
   * When to give up with a {@link DeadlineError}: a time, or milliseconds from now.
   *
   * @default none: waits as long as the task takes
   */
  readonly deadline?: Date | number;
  /** Called with what was seen whenever that has changed, the first and the last time too. */
  readonly onProgress?: (seen: Seen) => void;
  /**
   * Asks for what the task works for. When the task is not found (any more), this is followed in its
   * place: it has the task's `status` and `error_message`.
   *
   * @example () => client.batches.get(bucketId, batchId)
   */
  readonly resource?: () => Promise<Seen>;
  /** As the client's own, by name or id. */
  readonly namespace?: string;
  /** Seconds that the service may hold each poll until the task changes; 0 to 60. @default 25 */
  readonly wait?: number;
};

/**
 * Waits until a task has ended and answers it: COMPLETED, CANCELED or SKIPPED. Throws
 * {@link TaskFailedError} when it FAILED, {@link DeadlineError} at the deadline, and what a poll was
 * refused with. Lost connections and an unavailable service are outlasted until the deadline, or
 * without one for five minutes.
 */
export type WaitForTask = {
  (taskId: string, options?: WaitOptions<Task> & { readonly resource?: never }): Promise<Task>;
  <Resource extends Waited>(
    taskId: string,
    options: WaitOptions<Task | Resource> & { readonly resource: () => Promise<Resource> },
  ): Promise<Task | Resource>;
};

/** The seed's poller: from 1 s, half as much again each time, up to 30 s. */
const FIRST_DELAY_MS = 1000;
const DELAY_FACTOR = 1.5;
const MAX_DELAY_MS = 30_000;

/** A wait is shortened by up to so much of itself, so that many waiters don't all ask at once. */
const JITTER = 0.25;

const DEFAULT_WAIT_SECONDS = 25;

/** How long before the deadline the last look is taken. */
const LAST_LOOK_MS = 1000;

/** How long unbroken trouble is outlasted when there is no deadline. */
const MAX_TROUBLE_MS = 300_000;

const ENDED: ReadonlySet<TaskStatus> = new Set(["COMPLETED", "FAILED", "CANCELED", "SKIPPED"]);

/** One look: what is there (null: as before), and what the service said of the next look. */
type Look = {
  readonly seen: Waited | null;
  /** Seconds that the service was asked to hold the poll for. */
  readonly wait: number;
  /** Whether it said that it did. */
  readonly isApplied: boolean;
  readonly retryAfter: number | null;
};

/** The method of a client. */
export function waitForTask(config: Config): WaitForTask {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer's type is the service's word, as with every call
  return ((taskId: string, options: WaitOptions = {}) =>
    new Wait(config, taskId, options).run()) as WaitForTask;
}

class Wait {
  readonly #config: Config;
  readonly #runtime: Runtime;
  readonly #taskId: string;
  readonly #options: WaitOptions;
  /** Milliseconds since the epoch. */
  readonly #deadline: number;
  #etag: string | null = null;
  #seen: Waited | null = null;
  #isTaskGone = false;

  constructor(config: Config, taskId: string, options: WaitOptions) {
    this.#config = config;
    this.#runtime = config.transport.runtime;
    this.#taskId = taskId;
    this.#options = options;
    const { deadline } = options;
    this.#deadline =
      deadline instanceof Date
        ? deadline.getTime()
        : deadline === undefined
          ? Number.POSITIVE_INFINITY
          : this.#runtime.now() + deadline;
  }

  async run(): Promise<Waited> {
    let delay = FIRST_DELAY_MS;
    let troubleSince: number | null = null;
    let trouble: unknown;
    for (;;) {
      const startedAt = this.#runtime.now();
      if (startedAt >= this.#deadline) throw new DeadlineError(this.#seen, trouble);
      let pause: number;
      try {
        const look = await this.#look();
        troubleSince = null;
        trouble = undefined;
        const isNew = this.#take(look.seen);
        if (this.#seen !== null && ENDED.has(this.#seen.status)) return this.#end(this.#seen);
        const tookMs = this.#runtime.now() - startedAt;
        if (wasHeld(look, tookMs, isNew)) {
          delay = FIRST_DELAY_MS;
          // A task that changes all the time is still asked for once a second at the most.
          pause = FIRST_DELAY_MS - tookMs;
        } else {
          pause = Math.max(this.#jittered(delay), look.retryAfter ?? 0);
          delay = Math.min(delay * DELAY_FACTOR, MAX_DELAY_MS);
        }
      } catch (error) {
        if (!isTransient(error)) throw error;
        trouble = error;
        troubleSince ??= startedAt;
        const isHopeless =
          this.#deadline === Number.POSITIVE_INFINITY &&
          this.#runtime.now() - troubleSince >= MAX_TROUBLE_MS;
        if (isHopeless) throw error;
        pause = Math.max(this.#jittered(delay), error.retryAfter ?? 0);
        delay = Math.min(delay * DELAY_FACTOR, MAX_DELAY_MS);
      }
      await this.#pause(pause);
    }
  }

  async #look(): Promise<Look> {
    const { resource } = this.#options;
    if (!this.#isTaskGone) {
      try {
        return await this.#lookAtTask();
      } catch (error) {
        if (!(error instanceof NotFoundError) || resource === undefined) throw error;
        this.#isTaskGone = true;
      }
    }
    this.#options.signal?.throwIfAborted();
    return { seen: (await resource?.()) ?? null, wait: 0, isApplied: false, retryAfter: null };
  }

  async #lookAtTask(): Promise<Look> {
    const { signal, namespace, wait = DEFAULT_WAIT_SECONDS } = this.#options;
    const now = this.#runtime.now();
    const left = this.#deadline - now;
    const seconds = Math.max(0, Math.min(wait, 60, Math.floor(left / 1000)));
    const timeout = (this.#config.options.timeout ?? DEFAULT_TIMEOUT_MS) + seconds * 1000;
    const request = prepare(
      this.#config,
      { name: "GET /v1/tasks/{task_id}", repeat: "once", ids: [this.#taskId] },
      {
        timeout: Math.min(timeout, left),
        headers: {
          ...(seconds > 0 && { Prefer: `wait=${seconds}` }),
          ...(this.#etag !== null && { "If-None-Match": this.#etag }),
        },
        ...(signal !== undefined && { signal }),
        ...(namespace !== undefined && { namespace }),
      },
    );
    const { status, headers, body } = await send(this.#config.transport, request);
    const answeredAt = this.#runtime.now();
    this.#etag = headers.get("ETag") ?? this.#etag;
    return {
      seen: status === 304 ? null : asWaited(body),
      wait: seconds,
      isApplied: /\bwait\b/.test(headers.get("Preference-Applied") ?? ""),
      retryAfter: parseRetryAfter(headers.get("Retry-After"), answeredAt),
    };
  }

  /** Remembers what was seen and says so when it is new. */
  #take(seen: Waited | null): boolean {
    if (seen === null || JSON.stringify(seen) === JSON.stringify(this.#seen)) return false;
    this.#seen = seen;
    this.#options.onProgress?.(seen);
    return true;
  }

  #end(seen: Waited): Waited {
    if (seen.status !== "FAILED") return seen;
    const { last_error: last }: Waited & Partial<Pick<Task, "last_error">> = seen;
    throw new TaskFailedError(seen, last?.code ?? "task_failed");
  }

  #jittered(delay: number): number {
    return delay * (1 - JITTER * this.#runtime.random());
  }

  /** Waits, but not past the deadline, and not past the moment for a last look before it. */
  async #pause(ms: number): Promise<void> {
    const left = this.#deadline - this.#runtime.now();
    const longest = left > LAST_LOOK_MS ? left - LAST_LOOK_MS : left;
    const pause = Math.min(ms, longest);
    if (pause > 0) await sleep(this.#runtime, pause, this.#options.signal);
  }
}

/**
 * Whether the service kept the poll until the task changed or the time was over. One that doesn't
 * know the preference answers at once, or, when it is slow, with what was there before.
 */
function wasHeld({ wait, isApplied }: Look, tookMs: number, isNew: boolean): boolean {
  if (wait === 0) return false;
  return isApplied || (tookMs >= 1000 && (isNew || tookMs >= wait * 1000 - 1000));
}

/** A status is all that is relied on here; the rest is the service's word. */
function asWaited(body: unknown): Waited {
  if (isWaited(body)) return body;
  throw new UnexpectedAnswerError("The answer is not a task.", {
    code: "unexpected_answer",
    status: 200,
  });
}

function isWaited(body: unknown): body is Waited {
  return typeof body === "object" && body !== null && "status" in body;
}
