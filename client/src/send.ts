import {
  errorOf,
  NetworkError,
  TimeoutError,
  UnexpectedAnswerError,
  type WaybillError,
} from "./errors.ts";
import { parseRetryAfter, retryDelay } from "./retry-timing.ts";
import type { RetryPolicy } from "./options.ts";
import type { Repeat } from "./route.ts";
import { type Runtime, sleep } from "./runtime.ts";

/** One call, ready to be sent as often as it takes. */
export type Request = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text; null: no body. */
  readonly body: string | null;
  readonly repeat: Repeat;
  /** Milliseconds for one try. */
  readonly timeout: number;
  readonly retry: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
};

/** An answer of 2xx or 304, read to its end. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when there is none. */
  readonly body: unknown;
};

/** What sends, and the time that it takes. */
export type Transport = { readonly fetch: typeof globalThis.fetch; readonly runtime: Runtime };

/** Sends, again where that is safe and may help; throws a {@link WaybillError} for what isn't 2xx or 304. */
export async function send(transport: Transport, request: Request): Promise<Answer> {
  const { runtime } = transport;
  for (let failed = 1; ; failed += 1) {
    try {
      return await sendOnce(transport, request);
    } catch (error) {
      if (!isTransient(error)) {
        if (failed > 1 && isGone(error, request)) {
          return { status: 204, headers: new Headers(), body: undefined };
        }
        throw error;
      }
      const delay =
        request.repeat === "once"
          ? null
          : retryDelay(request.retry, failed, error.retryAfter, runtime);
      if (delay === null) throw error;
      await sleep(runtime, delay, request.signal);
    }
  }
}

/** Whether the same request may have another outcome later. */
export function isTransient(error: unknown): error is WaybillError {
  if (error instanceof NetworkError || error instanceof TimeoutError) return true;
  if (error instanceof UnexpectedAnswerError)
    return error.status !== null && error.status >= 200 && error.status < 300;
  const { status } = error instanceof Error && "status" in error ? error : { status: null };
  return typeof status === "number" && (status === 408 || status === 429 || status >= 500);
}

/** Whether a repeated deletion found nothing, since a try before it was carried out after all. */
function isGone(error: unknown, { repeat }: Request): boolean {
  return repeat === "remove" && error instanceof Error && "status" in error && error.status === 404;
}

async function sendOnce(transport: Transport, request: Request): Promise<Answer> {
  const opened = await open(transport, request);
  try {
    return await read(opened, transport.runtime);
  } finally {
    opened.done();
  }
}

/** A response whose head is there. */
export type Opened = {
  readonly response: Response;
  /** The body's text; fails as the rest of the try does. */
  readonly text: () => Promise<string>;
  /** Ends the time-out; the caller's signal still counts. */
  readonly stopTimeout: () => void;
  /** Ends the time-out and the hold on the caller's signal. */
  readonly done: () => void;
  /** The error of a failed read: the signal's reason, or a {@link NetworkError}. */
  readonly explain: (error: unknown) => unknown;
};

/**
 * Starts one try. Its time-out runs until `done` or `stopTimeout`, over the body too; whatever fails
 * by then is a {@link TimeoutError}, a {@link NetworkError} or the signal's own reason.
 */
export async function open({ fetch, runtime }: Transport, request: Request): Promise<Opened> {
  const { signal, timeout, method, url } = request;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const stopTimeout = runtime.timer(timeout, () => {
    const message = `${method} ${url} took longer than ${timeout} ms.`;
    controller.abort(new TimeoutError(message, { code: "timeout" }));
  });
  const done = () => {
    stopTimeout();
    signal?.removeEventListener("abort", onAbort);
  };
  const explain = (error: unknown): unknown =>
    controller.signal.aborted
      ? controller.signal.reason
      : new NetworkError(`${method} ${url} failed: ${String(error)}`, {
          code: "network_error",
          cause: error,
        });
  const attempt = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await untilAborted(work(), controller.signal);
    } catch (error) {
      throw explain(error);
    }
  };
  try {
    const response = await attempt(() =>
      fetch(url, {
        method,
        headers: { ...request.headers },
        ...(request.body !== null && { body: request.body }),
        // The API has no redirects, and a key must not follow one.
        redirect: "manual",
        signal: controller.signal,
      }),
    );
    return { response, text: () => attempt(() => response.text()), stopTimeout, done, explain };
  } catch (error) {
    done();
    throw error;
  }
}

/** Gives up at the abort even when what sends doesn't. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const settle = () => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).then(settle, settle);
  });
}

/** Reads an answer to its end. Throws what a status of 4xx or 5xx stands for. */
export async function read({ response, text }: Opened, runtime: Runtime): Promise<Answer> {
  const { status, headers } = response;
  const requestId = headers.get("X-Request-Id");
  const unexpected = (what: string) =>
    new UnexpectedAnswerError(what, { code: "unexpected_answer", status, requestId });
  // A browser shows a redirect that is not followed as status 0.
  if (status === 0 || (status >= 300 && status < 400 && status !== 304)) {
    throw unexpected("The service answered with a redirect; check baseUrl.");
  }
  const json = status === 204 || status === 304 ? "" : await text();
  const body = parseJson(json);
  if (status >= 400) {
    const retryAfter = parseRetryAfter(headers.get("Retry-After"), runtime.now());
    throw errorOf({ status, requestId, body }, retryAfter);
  }
  if (json !== "" && body === undefined) throw unexpected("The answer is not JSON.");
  return { status, headers, body };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
