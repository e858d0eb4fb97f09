import { WebhookVerificationError } from "./errors.ts";
import { parseEvent, type WaybillEvent } from "./event.ts";

/** What `GET /.well-known/jwks.json` answers (RFC 7517, RFC 8037); keys of other kinds are passed over. */
export type WebhookKeySet = {
  readonly keys: readonly {
    readonly kty?: string;
    readonly crv?: string;
    readonly x?: string;
    readonly [member: string]: unknown;
  }[];
};

/** What {@link verifyWebhook} takes. */
export type VerifyWebhookOptions = {
  /**
   * The endpoint's secret (`whsec_…`, for `v1` signatures) or public key (`whpk_…`, for `v1a`);
   * several while one takes over from another. Needed unless there are `keys`.
   */
  readonly secret?: string | readonly string[];
  /** The endpoint's public keys as its `jwks_url` answers them, for `v1a` signatures. */
  readonly keys?: WebhookKeySet;
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

/** Ten secrets and keys sign at most; a stranger's header full of signatures costs no more than this. */
const MAX_SIGNATURES = 20;

type Bytes = Uint8Array<ArrayBuffer>;

/** What signatures of one scheme are verified with. */
type Verifier = { readonly scheme: "v1" | "v1a"; readonly key: CryptoKey };

/**
 * Checks a webhook as https://www.standardwebhooks.com/ says (`v1`: HMAC-SHA256, `v1a`: Ed25519) and
 * answers its event. Any signature that fits any secret or key will do. Comparison takes the same
 * time wherever signatures differ (WebCrypto's own). Throws {@link WebhookVerificationError} when it
 * is not to be trusted: answer 400 then; and a `TypeError` for a secret or key that is none.
 */
export async function verifyWebhook(options: VerifyWebhookOptions): Promise<VerifiedWebhook> {
  const { headers, body, tolerance = DEFAULT_TOLERANCE_MS, now = new Date() } = options;
  const verifiers = await verifiersOf(options);

  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature").split(" ").slice(0, MAX_SIGNATURES);
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("bad_header", "webhook-timestamp is no time in seconds.");
  }
  if (Math.abs(now.getTime() - Number(timestamp) * 1000) > tolerance) {
    throw new WebhookVerificationError("bad_time", "The webhook is too old, or from the future.");
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const content = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await isSigned(verifiers, signatures, content))) {
    throw new WebhookVerificationError(
      "bad_signature",
      "No signature fits the body and the secret.",
    );
  }
  const event = parseEvent(new TextDecoder().decode(bytes));
  if (event === null) {
    throw new WebhookVerificationError("no_event", "The signed body is not an event.");
  }
  return { id, ...event };
}

async function isSigned(
  verifiers: readonly Verifier[],
  signatures: readonly string[],
  content: Bytes,
): Promise<boolean> {
  for (const { scheme, key } of verifiers) {
    for (const one of signatures) {
      const signature = one.startsWith(`${scheme},`)
        ? fromBase64(one.slice(scheme.length + 1))
        : null;
      if (signature === null) continue;
      if (await crypto.subtle.verify(key.algorithm.name, key, signature, content)) return true;
    }
  }
  return false;
}

async function verifiersOf({ secret = [], keys }: VerifyWebhookOptions): Promise<Verifier[]> {
  const secrets = typeof secret === "string" ? [secret] : secret;
  // Of a set that has none of ours nothing verifies; that is the signature's fault, not a misuse.
  const ours = keys?.keys.filter(({ kty, crv }) => kty === "OKP" && crv === "Ed25519") ?? [];
  if (secrets.length === 0 && keys === undefined) {
    throw new TypeError("secret: expected at least one, or keys");
  }
  return Promise.all([
    ...secrets.map((one) =>
      one.startsWith("whpk_") ? ed25519(one.slice("whpk_".length)) : hmac(one),
    ),
    ...ours.map(({ x = "" }) => ed25519(x.replaceAll("-", "+").replaceAll("_", "/"))),
  ]);
}

async function hmac(secret: string): Promise<Verifier> {
  const bytes = fromBase64(secret.replace(/^whsec_/, ""));
  if (bytes === null || bytes.length === 0) {
    throw new TypeError('secret: expected "whsec_" or "whpk_" and base64');
  }
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return {
    scheme: "v1",
    key: await crypto.subtle.importKey("raw", bytes, algorithm, false, ["verify"]),
  };
}

async function ed25519(publicKey: string): Promise<Verifier> {
  const bytes = fromBase64(publicKey);
  // RFC 8032, section 5.1.5: 32 bytes.
  if (bytes?.length !== 32) throw new TypeError("a public key: expected 32 bytes in base64");
  return {
    scheme: "v1a",
    key: await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]),
  };
}

function header(headers: VerifyWebhookOptions["headers"], name: string): string {
  const value = readHeader(headers, name);
  if (!value) throw new WebhookVerificationError("bad_header", `The header ${name} is missing.`);
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

function fromBase64(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function concat(left: Bytes, right: Uint8Array): Bytes {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}
