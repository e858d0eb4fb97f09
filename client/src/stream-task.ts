import { createParser, type EventSourceMessage } from "eventsource-parser";
import { callRoute, type Config, prepare } from "./call.ts";
import { NetworkError, UnexpectedAnswerError } from "./errors.ts";
import { parseEvent, type WaybillEvent } from "./event.ts";
import { retryDelay } from "./retry-timing.ts";
import { routes } from "./routes.ts";
import { sleep } from "./runtime.ts";
import { isTransient, open, type Opened, read } from "./send.ts";

/** What `streamTask` takes beside the task's id. */
export type StreamOptions = {
  /** The `sequence` of the last event that is known already: those after it are streamed. @default 0 */
  readonly lastEventId?: number | string;
  /** Ends the iteration: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** As the client's own, by name or id. */
  readonly namespace?: string;
  /**
   * Milliseconds without a byte, heartbeats too, after which the connection is taken for dead.
   *
   * @default 60_000
   */
  readonly idleTimeout?: number;
};

/** An event of a task, with its place among them: give it back as `lastEventId` to go on from here. */
export type TaskEvent = WaybillEvent & { readonly sequence: number };

/**
 * The events of a task, each once and in order, from the beginning or after `lastEventId`; ends
 * after the one that ended the task. A lost connection is taken up where it broke. Throws
 * `UnexpectedAnswerError` when the service doesn't stream.
 */
export type StreamTask = (
  taskId: string,
  options?: StreamOptions,
) => AsyncGenerator<TaskEvent, void, undefined>;

const DEFAULT_IDLE_MS = 60_000;

/** The pause after a connection that brought nothing. */
const EMPTY_DELAY_MS = 1000;

const LAST_EVENTS: ReadonlySet<string> = new Set([
  "task.completed",
  "task.failed",
  "task.canceled",
  "task.skipped",
]);

/** The method of a client. */
export function streamTask(config: Config): StreamTask {
  return (taskId, options = {}) => stream(config, taskId, options);
}

async function* stream(
  config: Config,
  taskId: string,
  options: StreamOptions,
): AsyncGenerator<TaskEvent, void, undefined> {
  const { runtime } = config.transport;
  const { signal, namespace } = options;
  const call = { ...(signal && { signal }), ...(namespace !== undefined && { namespace }) };
  const { retry } = prepare(config, { name: "GET /", repeat: "once", ids: [] }, {});
  const place = { last: Number(options.lastEventId ?? 0), reconnectMs: 0 };
  if (!Number.isInteger(place.last)) throw new TypeError("lastEventId: expected a sequence");

  for (let failed = 0; ;) {
    const before = place.last;
    let delay = 0;
    try {
      for await (const event of connection(config, taskId, options, place)) {
        yield event;
        if (LAST_EVENTS.has(event.type)) return;
      }
      // The service ended the stream. When nothing came, that may be since nothing is to come.
      if (place.last === before && (await hasEnded(config, taskId, call, place.last))) return;
      failed = place.last > before ? 0 : failed + 1;
      if (failed > 0) delay = EMPTY_DELAY_MS;
    } catch (error) {
      if (!isTransient(error)) throw error;
      failed = place.last > before ? 1 : failed + 1;
      const wait = retryDelay(retry, failed, error.retryAfter, runtime);
      if (wait === null) throw error;
      delay = wait;
    }
    delay = Math.max(delay, place.reconnectMs);
    if (delay > 0) await sleep(runtime, delay, signal);
  }
}

type Place = { last: number; reconnectMs: number };

/** The new events of one connection, until it ends. */
async function* connection(
  config: Config,
  taskId: string,
  options: StreamOptions,
  place: Place,
): AsyncGenerator<TaskEvent, void, undefined> {
  const { signal, namespace } = options;
  const request = prepare(
    config,
    { name: routes.tasks.get.name, repeat: "once", ids: [taskId] },
    {
      headers: {
        Accept: "text/event-stream",
        ...(place.last > 0 && { "Last-Event-ID": String(place.last) }),
      },
      ...(signal !== undefined && { signal }),
      ...(namespace !== undefined && { namespace }),
    },
  );
  const opened = await open(config.transport, request);
  try {
    const { response } = opened;
    // The standard's way to say that there is nothing more to come.
    if (response.status === 204) return;
    const isStream = /^text\/event-stream\b/i.test(response.headers.get("Content-Type") ?? "");
    if (response.status !== 200 || !isStream || response.body === null) {
      await read(opened, config.transport.runtime);
      throw new UnexpectedAnswerError("The service doesn't stream this task's events.", {
        code: "unexpected_answer",
        status: 406,
        requestId: response.headers.get("X-Request-Id"),
      });
    }
    opened.stopTimeout();
    yield* readEvents(config, opened, response.body, options, place);
  } finally {
    opened.done();
  }
}

async function* readEvents(
  config: Config,
  opened: Opened,
  body: ReadableStream<Uint8Array>,
  options: StreamOptions,
  place: Place,
): AsyncGenerator<TaskEvent, void, undefined> {
  const decoder = new TextDecoder();
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => messages.push(message),
    onRetry: (ms) => {
      place.reconnectMs = ms;
    },
  });
  const reader = body.getReader();
  try {
    for (;;) {
      const piece = await nextPiece(config, opened, reader, options);
      if (piece === null) return;
      parser.feed(decoder.decode(piece, { stream: true }));
      for (const { id, data } of messages.splice(0)) {
        const sequence = Number(id ?? Number.NaN);
        const event = parseEvent(data);
        // What isn't an event of the task, or was there before the connection broke.
        if (event === null || !(sequence > place.last)) continue;
        place.last = sequence;
        yield { sequence, ...event };
      }
    }
  } finally {
    // Also when the caller leaves the loop: the connection is not kept for nobody.
    reader.cancel().catch(() => undefined);
  }
}

/** The next bytes; null at the end. Fails when none come for too long. */
async function nextPiece(
  config: Config,
  opened: Opened,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { idleTimeout = DEFAULT_IDLE_MS }: StreamOptions,
): Promise<Uint8Array | null> {
  const { runtime } = config.transport;
  return new Promise((resolve, reject) => {
    const cancel = runtime.timer(idleTimeout, () => {
      const message = `The stream was silent for ${idleTimeout} ms.`;
      reject(new NetworkError(message, { code: "network_error" }));
    });
    reader
      .read()
      .then(({ done, value }) => resolve(done ? null : value))
      .catch((error: unknown) => reject(opened.explain(error)))
      .finally(cancel);
  });
}

/** Whether the task has ended and its last event is among those that are known. */
async function hasEnded(
  config: Config,
  taskId: string,
  call: object,
  last: number,
): Promise<boolean> {
  const task = await callRoute(config, routes.tasks.get, [taskId, call]);
  if (typeof task !== "object" || task === null) return false;
  const { status, sequence }: { status?: unknown; sequence?: unknown } = task;
  const isEnded = LAST_EVENTS.has(`task.${String(status).toLowerCase()}`);
  return isEnded && typeof sequence === "number" && sequence <= last;
}
