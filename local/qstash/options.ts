/**
 * The Upstash-* headers of a publish, enqueue, batch item or schedule, checked and typed.
 *
 * From https://upstash.com/docs/qstash/api-reference/messages/publish-a-message.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { parseDurationMs } from "./durations.ts";
import { invalid, limitExceeded } from "./errors.ts";
import { parseFlowControl } from "./flow-control-value.ts";
import type { FlowControlSetting } from "./flow-control-value.ts";
import { LIMITS } from "./limits.ts";
import { canonicalName } from "./outcome.ts";
import { parseRedaction } from "./redaction.ts";
import type { Redaction } from "./redaction.ts";
import { splitList } from "./lists.ts";
import { parseRetryExpression } from "./retry-expression.ts";
import type { RetryExpression } from "./retry-expression.ts";

/** Header names in lower case, with their values, as a request or a batch item carries them. */
export type HeaderSource = ReadonlyMap<string, string>;

export type CallbackSetting = { readonly url: string; readonly headers: HeaderSource };

export type MessageOptions = {
  /** What all the rest was read from: a retry from the dead letters reads it again. */
  readonly source: HeaderSource;
  readonly method: string;
  /** What is sent on to the destination, Content-Type included; canonical-case names. */
  readonly header: Readonly<Record<string, string>>;
  readonly maxRetries: number;
  readonly retryDelay: RetryExpression | undefined;
  readonly timeoutMs: number | undefined;
  readonly delayMs: number;
  readonly notBeforeMs: number | undefined;
  readonly labels: readonly string[];
  readonly deduplicationId: string | undefined;
  readonly isContentDeduplicated: boolean;
  readonly callback: CallbackSetting | undefined;
  readonly failureCallback: CallbackSetting | undefined;
  readonly flowControl: FlowControlSetting | undefined;
  readonly queueName: string | undefined;
  readonly redaction: Redaction;
};

const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
const DEFAULT_RETRIES = 3;
const FORWARD_PREFIX = "upstash-forward-";

/** Headers that belong to one connection, and those that the sender itself computes. */
const NEVER_FORWARDED = new Set([
  "authorization",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function parseOptions(
  source: HeaderSource,
  { defaultRetries = DEFAULT_RETRIES }: { defaultRetries?: number } = {},
): MessageOptions {
  const retryDelay = source.get("upstash-retry-delay");
  return {
    source,
    method: parseMethod(source.get("upstash-method")),
    header: forwardedHeaders(source),
    maxRetries: parseCount("Upstash-Retries", source.get("upstash-retries")) ?? defaultRetries,
    retryDelay: retryDelay === undefined ? undefined : parseRetryExpression(retryDelay),
    timeoutMs: parseTimeout(source.get("upstash-timeout")),
    delayMs: parseDelay(source.get("upstash-delay")),
    notBeforeMs: parseNotBefore(source.get("upstash-not-before")),
    labels: splitList(source.get("upstash-label")),
    deduplicationId: parseDeduplicationId(source.get("upstash-deduplication-id")),
    isContentDeduplicated: parseBoolean(source, "upstash-content-based-deduplication"),
    callback: parseCallback(source, "upstash-callback"),
    failureCallback: parseCallback(source, "upstash-failure-callback"),
    flowControl: parseFlowControl(
      source.get("upstash-flow-control-key"),
      source.get("upstash-flow-control-value"),
    ),
    queueName: source.get("upstash-queue-name"),
    redaction: parseRedaction(source.get("upstash-redact-fields")),
  };
}

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

function parseMethod(text: string | undefined): string {
  const method = (text ?? "POST").toUpperCase();
  if (!METHODS.has(method)) throw invalid(`invalid Upstash-Method: "${method}"`);
  return method;
}

function parseCount(header: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) {
    throw invalid(`invalid ${header}: "${text}" is not a whole number from 0 up`);
  }
  return Number(text);
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeoutMs = parseDurationMs("Upstash-Timeout", text);
  if (timeoutMs === 0) throw invalid("invalid Upstash-Timeout: it has to be above 0");
  if (timeoutMs > LIMITS.responseMs) {
    throw limitExceeded("Upstash-Timeout is above the plan's response time of 2 hours");
  }
  return timeoutMs;
}

function parseDelay(text: string | undefined): number {
  if (text === undefined) return 0;
  const delayMs = parseDurationMs("Upstash-Delay", text);
  if (delayMs > LIMITS.delayMs) throw limitExceeded("Upstash-Delay is above the limit of one year");
  return delayMs;
}

function parseNotBefore(text: string | undefined): number | undefined {
  const seconds = text === undefined ? undefined : Number(text);
  if (seconds === undefined) return undefined;
  if (!/^\d{1,12}$/.test(text ?? "")) {
    throw invalid(`invalid Upstash-Not-Before: "${text}" is not a unix time in seconds`);
  }
  return seconds * 1_000;
}

/** One region turns ids with a colon down (VENDORS.md, "QStash"), so the stand-in does too. */
function parseDeduplicationId(text: string | undefined): string | undefined {
  if (text?.includes(":") === true) {
    throw invalid(`invalid Upstash-Deduplication-Id: "${text}" contains a colon`);
  }
  if (text === "") throw invalid("invalid Upstash-Deduplication-Id: it is empty");
  return text;
}

function parseBoolean(source: HeaderSource, name: string): boolean {
  const text = source.get(name) ?? "false";
  if (text !== "true" && text !== "false") {
    throw invalid(`invalid ${canonicalName(name)}: "${text}" is neither true nor false`);
  }
  return text === "true";
}

/**
 * `Upstash-Callback-Retries` configures a callback as `Upstash-Retries` configures a message.
 *
 * From https://upstash.com/docs/qstash/features/callbacks#configuring-callbacks.
 */
function parseCallback(source: HeaderSource, prefix: string): CallbackSetting | undefined {
  const url = source.get(prefix);
  if (url === undefined) return undefined;
  if (!isHttpUrl(url)) throw invalid(`invalid ${canonicalName(prefix)}: "${url}" is not a URL`);
  const headers = new Map<string, string>();
  for (const [name, value] of source) {
    if (name.startsWith(`${prefix}-`)) headers.set(`upstash${name.slice(prefix.length)}`, value);
  }
  const setting = { url, headers };
  // A bad Upstash-Callback-Delay has to be turned down now, not when the callback is due.
  parseOptions(setting.headers);
  return setting;
}

/**
 * `Upstash-Forward-X` is sent on as `X`; with `Upstash-Header-Forward: true` all others are too.
 *
 * From https://upstash.com/docs/qstash/howto/publishing and .../howto/webhook.
 */
function forwardedHeaders(source: HeaderSource): Readonly<Record<string, string>> {
  const forwardsAll = parseBoolean(source, "upstash-header-forward");
  const header: Record<string, string> = {};
  for (const [name, value] of source) {
    if (name.startsWith(FORWARD_PREFIX)) {
      const bare = name.slice(FORWARD_PREFIX.length);
      // A forwarded Authorization is meant for the destination; the publisher's own never is.
      if (bare === "authorization" || !NEVER_FORWARDED.has(bare)) {
        header[canonicalName(bare)] = checkHeader(bare, value);
      }
    } else if (name === "content-type") {
      header["Content-Type"] ??= checkHeader(name, value);
    } else if (forwardsAll && !name.startsWith("upstash-") && !NEVER_FORWARDED.has(name)) {
      header[canonicalName(name)] ??= checkHeader(name, value);
    }
  }
  return header;
}

/** Queries and batch items can carry what no HTTP header may, such as a line break. */
function checkHeader(name: string, value: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw invalid(`invalid header to forward: ${JSON.stringify(name)}`);
  }
  return value;
}
