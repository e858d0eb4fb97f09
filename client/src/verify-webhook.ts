import { WebhookVerificationError } from "./errors.ts";
import { parseEvent, type WaybillEvent } from "./event.ts";

/** What {@link verifyWebhook} takes. */
export type VerifyWebhookOptions = {
  /** The endpoint's secret (`whsec_…`); several while one takes over from another. */
  readonly secret: string | readonly string[];
  /** The request's headers: `Headers`, or an object such as Node's `request.headers`. */
  readonly headers:
    | Pick<Headers, "get">
    | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it arrived, byte for byte: not parsed and written anew. */
  readonly body: string | Uint8Array | ArrayBuffer;
  /**
   * How old, or ahead of this clock, a webhook may be, in milliseconds. This is what stops somebody
   * who recorded one from sending it again later.
   *
   * @default 300_000
   */
  readonly tolerance?: number;
  /** The time to judge by. @default new Date() */
  readonly now?: Date;
};

/** A webhook that was proven to come from the service. */
export type VerifiedWebhook = WaybillEvent & {
  /** The event's id (`webhook-id`), the same over all its deliveries: drop what you have seen. */
  readonly id: string;
};

const DEFAULT_TOLERANCE_MS = 300_000;

/**
 * Checks a webhook as https://www.standardwebhooks.com/ says (HMAC-SHA256, `v1`) and answers its
 * event. Comparison takes the same time wherever signatures differ (WebCrypto's own). Throws
 * {@link WebhookVerificationError} when it is not to be trusted: answer 400 then; and a `TypeError`
 * for a secret that is none.
 */
export async function verifyWebhook(options: VerifyWebhookOptions): Promise<VerifiedWebhook> {
  const { secret, headers, body, tolerance = DEFAULT_TOLERANCE_MS, now = new Date() } = options;
  const keys = await Promise.all((typeof secret === "string" ? [secret] : secret).map(importKey));
  if (keys.length === 0) throw new TypeError("secret: expected at least one");

  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature")
    .split(" ")
    .flatMap((one) => (one.startsWith("v1,") ? (fromBase64(one.slice(3)) ?? []) : []));

  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("webhook-timestamp is no time in seconds.");
  }
  if (Math.abs(now.getTime() - Number(timestamp) * 1000) > tolerance) {
    throw new WebhookVerificationError("The webhook is too old, or from the future.");
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const content = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await isSigned(keys, signatures, content))) {
    throw new WebhookVerificationError("No signature fits the body and the secret.");
  }
  const event = parseEvent(new TextDecoder().decode(bytes));
  if (event === null) throw new WebhookVerificationError("The signed body is not an event.");
  return { id, ...event };
}

async function isSigned(
  keys: readonly CryptoKey[],
  signatures: readonly Uint8Array<ArrayBuffer>[],
  content: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  for (const key of keys) {
    for (const signature of signatures) {
      if (await crypto.subtle.verify("HMAC", key, signature, content)) return true;
    }
  }
  return false;
}

function importKey(secret: string): Promise<CryptoKey> {
  const bytes = fromBase64(secret.replace(/^whsec_/, ""));
  if (bytes === null || bytes.length === 0) {
    throw new TypeError('secret: expected "whsec_" and base64');
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);
}

function header(headers: VerifyWebhookOptions["headers"], name: string): string {
  const value = readHeader(headers, name);
  if (!value) throw new WebhookVerificationError(`The header ${name} is missing.`);
  return value;
}

function readHeader(headers: VerifyWebhookOptions["headers"], name: string): string {
  if (isHeaders(headers)) return headers.get(name) ?? "";
  for (const [given, value] of Object.entries(headers)) {
    if (given.toLowerCase() === name) return typeof value === "string" ? value : (value?.[0] ?? "");
  }
  return "";
}

function isHeaders(
  headers: VerifyWebhookOptions["headers"],
): headers is Pick<Headers, "get"> & Record<string, never> {
  return typeof headers.get === "function";
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function concat(left: Uint8Array<ArrayBuffer>, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}
