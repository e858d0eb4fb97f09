import {
  type CallOptions,
  type ClientOptions,
  DEFAULT_TIMEOUT_MS,
  retryPolicy,
} from "./options.ts";
import type { Repeat, Route } from "./route.ts";
import { type Request, send, type Transport } from "./send.ts";

/** What a client was made with, checked once. */
export type Config = {
  readonly options: ClientOptions;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly transport: Transport;
};

/** What a call is about, beside its options. */
export type CallTarget = {
  /** `GET /v1/tasks/{task_id}` */
  readonly name: string;
  readonly repeat: Repeat;
  /** The ids of the path, in its order. */
  readonly ids: readonly string[];
  readonly body?: unknown;
  readonly query?: unknown;
};

/** Calls a route whose arguments come as its method gets them: ids, body, options. */
export async function callRoute(
  config: Config,
  route: Route,
  given: readonly unknown[],
): Promise<unknown> {
  const { target, options } = readArguments(route, given);
  return (await send(config.transport, prepare(config, target, options))).body;
}

/** Takes a method's arguments apart. */
export function readArguments(
  route: Route,
  given: readonly unknown[],
): { readonly target: CallTarget; readonly options: CallOptions } {
  const count = route.name.split("{").length - 1;
  const ids = given.slice(0, count).map((id) => {
    // An empty id would be another route; dots would be taken as steps of the path.
    if (typeof id !== "string" || id === "" || id === "." || id === "..") {
      throw new TypeError(`${route.name}: expected an id, not ${JSON.stringify(id)}`);
    }
    return id;
  });
  if (ids.length < count) throw new TypeError(`${route.name}: expected ${count} ids`);
  const options: CallOptions & { readonly query?: unknown } = {
    ...toObject(given[count + (route.hasBody ? 1 : 0)]),
  };
  const { name, repeat } = route;
  const body = route.hasBody ? given[count] : undefined;
  return { target: { name, repeat, ids, body, query: options.query }, options };
}

/** The request of a call. Throws a `TypeError` for what can't be sent. */
export function prepare(config: Config, target: CallTarget, options: CallOptions): Request {
  const [method = "GET", path = ""] = target.name.split(" ");
  let next = 0;
  const filled = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(target.ids[next++] ?? ""));
  const namespace = options.namespace ?? config.options.namespace;
  const body = target.repeat === "rows" ? withRowKeys(target.body) : target.body;
  return {
    method,
    url: config.baseUrl + filled + queryOf(target.query),
    headers: {
      Accept: "application/json",
      Authorization: `Bearer ${options.key ?? config.options.key}`,
      ...(namespace !== undefined && { "X-Namespace": namespace }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(target.repeat === "keyed" && {
        "Idempotency-Key": options.idempotencyKey ?? crypto.randomUUID(),
      }),
      ...options.headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
    repeat: target.repeat,
    timeout: options.timeout ?? config.options.timeout ?? DEFAULT_TIMEOUT_MS,
    retry: retryPolicy(config.options.retry, options.retry),
    signal: options.signal,
  };
}

function queryOf(query: unknown): string {
  const pairs = Object.entries(toObject(query)).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** Gives each row of `POST /v1/submissions` a key, so that the whole may be sent again. */
function withRowKeys(body: unknown): unknown {
  const { submissions } = toObject(body);
  if (!Array.isArray(submissions)) return body;
  return {
    ...toObject(body),
    submissions: submissions.map((row: unknown) =>
      Object.assign({ idempotency_key: crypto.randomUUID() }, row),
    ),
  };
}

/** The fields of what should be an object; none when it isn't. */
export function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
