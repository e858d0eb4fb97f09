import { createClientWith } from "../../src/client.ts";
import type { ClientOptions } from "../../src/options.ts";
import type { Runtime } from "../../src/runtime.ts";

/** A request as the fake service got it. */
export type Got = {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
  /** Milliseconds since the world began. */
  readonly at: number;
};

/** What the fake service does with a request; `hang` never answers. */
export type Reply =
  | { readonly kind: "cut" }
  | { readonly kind: "hang" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
      /** How long the answer takes. */
      readonly afterMs: number;
    };

export const cut: Reply = { kind: "cut" };
export const hang: Reply = { kind: "hang" };

/** An answer; JSON unless its body is text. */
export function answer(
  status: number,
  body: unknown = {},
  headers: Readonly<Record<string, string>> = {},
  afterMs = 0,
): Reply {
  return { kind: "answer", status, body, headers, afterMs };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  return answer(status, { status, code, detail: `It is ${code}.`, request_id: "req-1" }, headers);
}

/** Virtual time: it jumps to the next timer as soon as nothing else is to be done. */
export function virtualTime(random = 1) {
  let now = 0;
  let isRunning = false;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const step = () => {
    const next = [...timers].toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined) {
      isRunning = false;
      return;
    }
    timers.delete(next);
    now = Math.max(now, next.at);
    next.callback();
    setImmediate(step);
  };
  const runtime: Runtime = {
    now: () => now,
    random: () => random,
    timer: (ms, callback) => {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      if (!isRunning) {
        isRunning = true;
        setImmediate(step);
      }
      return () => timers.delete(timer);
    },
  };
  return runtime;
}

/** A client whose service answers with these replies, one after the other, the last one for ever. */
export function fakeWorld(
  replies: readonly Reply[],
  options: Partial<ClientOptions> = {},
  random = 1,
) {
  const runtime = virtualTime(random);
  const got: Got[] = [];
  const service: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const reply = replies[Math.min(got.length, replies.length - 1)];
    got.push({
      method: init?.method ?? "GET",
      path: url.pathname + url.search,
      headers: new Headers(init?.headers),
      body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined,
      at: runtime.now(),
    });
    if (reply === undefined || reply.kind === "hang") return new Promise(() => undefined);
    if (reply.kind === "cut") throw new TypeError("fetch failed");
    if (reply.afterMs > 0) {
      await new Promise<void>((resolve) => {
        runtime.timer(reply.afterMs, resolve);
      });
    }
    const isBodiless = reply.status === 204 || reply.status === 304;
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
    return new Response(isBodiless ? null : text, {
      status: reply.status,
      headers: { "X-Request-Id": "req-0", ...reply.headers },
    });
  };
  const client = createClientWith(
    {
      baseUrl: "https://waybill.test",
      key: "wb_key",
      namespace: "shop",
      fetch: service,
      ...options,
    },
    runtime,
  );
  return { client, got, runtime, waits: () => differences(got.map(({ at }) => at)) };
}

/** How long it was from each to the next. */
export function differences(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

/** What a promise was rejected with; fails when it was not. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => ({ error }),
  );
  if (outcome === null) throw new Error("expected a rejection");
  return outcome.error;
}

/** All that an iterator yields. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
