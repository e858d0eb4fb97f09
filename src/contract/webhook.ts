import { z } from "zod";
import { Metadata, oneOrMany, PageRequest, TargetUrl, Timestamp, TimeRange } from "./common.ts";
import { EventTypePattern } from "./event.ts";
import { NamespaceId, WebhookId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";

const MAX_HEADERS = 20;

/** What responses show in place of a custom header's value. */
export const HEADER_MASK = "********";

/** The lengths that Standard Webhooks allows for a secret, and 24 and 64 bytes in base64. */
const SECRET_FORM = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** How long the previous secret continues to sign: a day by default, at most a week. */
const DEFAULT_OVERLAP_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 604_800;

/**
 * Headers that belong to one connection (RFC 9110, section 7.6.1, and the older names still in use)
 * or that say where the request goes. Callers may never set them.
 */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Prefixes of headers that Waybill sets itself, for the body and the signature. */
const RESERVED_HEADER_PREFIXES = ["content-", "webhook-"] as const;

/** What is wrong with a custom header's name; null when it is valid. */
function wrongHeaderName(name: string): string | null {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(name)) {
    return "expected a header name of letters, digits, '-' and '_'";
  }
  const lower = name.toLowerCase();
  const reserved =
    RESERVED_HEADERS.has(lower) ||
    RESERVED_HEADER_PREFIXES.some((prefix) => lower.startsWith(prefix));
  return reserved ? "this header is Waybill's to set; remove it" : null;
}

/**
 * Headers to send with the payload, such as `authorization`. Values are printable ASCII: a line
 * break in a value would start another header (request splitting).
 */
const CustomHeaders = z.record(z.string(), z.string()).superRefine((headers, context) => {
  const wrong = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) wrong([], `at most ${MAX_HEADERS} headers`);
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    wrong([], "the same header stands here twice; names don't differ by case");
  }
  for (const [name, value] of Object.entries(headers)) {
    const message = wrongHeaderName(name);
    if (message !== null) wrong([name], message);
    if (!/^[\x20-\x7e]{0,1024}$/.test(value)) {
      wrong([name], "expected at most 1024 printable ASCII characters");
    }
    if (value === HEADER_MASK) {
      wrong(
        [name],
        "expected a value, not the mask that answers show; leave `headers` out to keep what is there",
      );
    }
  }
});

/** How a delivery is signed: `v1` is HMAC-SHA256 with a shared secret, `v1a` Ed25519. */
export const SignatureScheme = z.enum(["v1", "v1a"]);

export type SignatureScheme = z.infer<typeof SignatureScheme>;

const Schemes = z
  .array(SignatureScheme)
  .min(1)
  .max(2)
  .refine((schemes) => new Set(schemes).size === schemes.length, {
    error: "expected each scheme once at most",
  });

/** `v1` is always included: every Standard Webhooks library verifies it. */
const Signatures = Schemes.refine((schemes) => schemes.includes("v1"), {
  error: 'expected ["v1"] or ["v1", "v1a"]',
});

/** A secret supplied by the caller: its length is checked, its randomness can't be. */
const OwnSecret = z.string().refine(isSecret, {
  error: `expected "whsec_" and the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} random bytes (openssl rand -base64 32)`,
});

function isSecret(text: string): boolean {
  if (!SECRET_FORM.test(text)) return false;
  const base64 = text.slice("whsec_".length);
  try {
    const bytes = atob(base64);
    // Only the canonical base64 is accepted: a receiver may compare the text.
    return (
      bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES && btoa(bytes) === base64
    );
  } catch {
    return false;
  }
}

/** At most `max` attempts begin in `period_seconds`. */
export const RateLimit = z.strictObject({
  max: z.int().min(1).max(10_000),
  period_seconds: z.int().min(1).max(86_400),
});

/**
 * The circuit breaker of an endpoint. `open`: it failed too often in a row, and nothing is sent
 * until `open_until`; `half_open`: one delivery is let through as a test.
 */
export const Circuit = z.object({
  state: z.enum(["closed", "open", "half_open"]),
  open_until: Timestamp.nullable(),
  /** Failed attempts since the last recorded success. */
  consecutive_failures: z.int(),
});

const fields = {
  url: TargetUrl.nullable(),
  event_types: z.array(EventTypePattern).min(1).max(50),
  task_types: z.array(z.string().min(1).max(128)).max(50),
  tags: z.array(z.string().min(1).max(128)).max(50),
  headers: CustomHeaders,
  signatures: Signatures,
  description: z.string().max(1000).nullable(),
  metadata: Metadata,
  rate_limit: RateLimit.nullable(),
  max_concurrency: z.int().min(1).max(100).nullable(),
  ordering: z.enum(["none", "task"]),
} as const;

/** `POST /v1/webhooks`. */
export const CreateWebhookRequest = z.strictObject({
  /** Null, which must be explicit: nothing is sent, and the consumer polls. */
  url: fields.url,
  event_types: fields.event_types,
  task_types: fields.task_types.optional(),
  tags: fields.tags.optional(),
  headers: fields.headers.optional(),
  /** `["v1", "v1a"]` also signs with the endpoint's own key pair. */
  signatures: fields.signatures.optional(),
  /** A secret supplied by the caller; one is generated when absent. */
  secret: OwnSecret.optional(),
  description: fields.description.optional(),
  metadata: fields.metadata.optional(),
  /** Null or absent: no limit. */
  rate_limit: fields.rate_limit.optional(),
  /** How many attempts may run at once; 10 if null or absent. */
  max_concurrency: fields.max_concurrency.optional(),
  /** `task`: the events of a task arrive strictly in the order of their `sequence`. */
  ordering: fields.ordering.optional(),
});

export type CreateWebhookRequest = z.infer<typeof CreateWebhookRequest>;

/**
 * `PATCH /v1/webhooks/{webhook_id}`: the given fields replace the stored ones; `status` pauses or
 * resumes.
 */
export const UpdateWebhookRequest = z
  .strictObject({ ...fields, status: z.enum(["ACTIVE", "SUSPENDED"]) })
  .partial();

export type UpdateWebhookRequest = z.infer<typeof UpdateWebhookRequest>;

/** `POST /v1/webhooks/{webhook_id}/rotate-secret`. */
export const RotateSecretRequest = z
  .strictObject({
    /**
     * The schemes to rotate; by default, all that the endpoint signs with. `v1a` may be added here.
     */
    signatures: Schemes.optional(),
    /** A secret supplied by the caller; one is generated when absent. */
    secret: OwnSecret.optional(),
    /** How long the replaced secrets continue to sign as well; use 0 for a leaked secret. */
    overlap_seconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).default(DEFAULT_OVERLAP_SECONDS),
  })
  .refine(
    ({ signatures, secret }) => secret === undefined || signatures?.includes("v1") !== false,
    {
      path: ["secret"],
      error: "a secret is of the scheme v1, which `signatures` leaves out",
    },
  );

export type RotateSecretRequest = z.infer<typeof RotateSecretRequest>;

/** An active secret or key pair, without its secret part. */
export const WebhookSecret = z.object({
  scheme: SignatureScheme,
  /** `whpk_` and base64, as Standard Webhooks writes an Ed25519 public key; null for `v1`. */
  public_key: z.string().nullable(),
  /** The public key's id at `jwks_url`; null for `v1`. */
  kid: z.string().nullable(),
  created_at: Timestamp,
  /** When it stops signing; null: it signs until it is replaced. */
  expires_at: Timestamp.nullable(),
});

/** An endpoint that receives events, or that is polled for them. */
export const Webhook = z.object({
  webhook_id: WebhookId,
  namespace_id: NamespaceId,
  /** Null: nothing is sent, and the consumer polls. */
  url: z.string().nullable(),
  event_types: z.array(z.string()),
  /** Empty: all. */
  task_types: z.array(z.string()),
  /** Empty: all; otherwise the event's task must have one of them. */
  tags: z.array(z.string()),
  /** Every value is masked. */
  headers: z.record(z.string(), z.string()),
  signatures: z.array(SignatureScheme),
  /** The active ones, newest first; a scheme that is being rotated has more than one. */
  secrets: z.array(WebhookSecret),
  /** Where the public keys of `v1a` are published. */
  jwks_url: z.string(),
  description: z.string().nullable(),
  metadata: Metadata,
  status: TaskStatusEnum,
  /** Why it is SUSPENDED; null otherwise. */
  status_reason: z.string().nullable(),
  /** `owner`: paused. `failure`: it answered 410, or failed for days. Null while it is ACTIVE. */
  suspended_by: z.enum(["owner", "failure"]).nullable(),
  /** When the current run of failed attempts began; null while attempts succeed. */
  failing_since: Timestamp.nullable(),
  circuit: Circuit,
  rate_limit: RateLimit.nullable(),
  /** Null: 10. */
  max_concurrency: z.int().nullable(),
  ordering: z.enum(["none", "task"]),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Webhook = z.infer<typeof Webhook>;

/** The response of `POST /v1/webhooks`: the only one that shows the signing secret. */
export const CreatedWebhook = Webhook.extend({
  /** `whsec_` and base64, as the Standard Webhooks libraries expect it. */
  secret: z.string(),
});

/** The response of `rotate-secret`: the only one that shows the new secret. */
export const RotatedWebhook = Webhook.extend({
  /** Null when only the key pair was rotated. */
  secret: z.string().nullable(),
});

/** A set of public keys (RFC 7517), each an Ed25519 key (RFC 8037). */
export const JsonWebKeySet = z.object({
  keys: z.array(
    z.object({
      kty: z.literal("OKP"),
      crv: z.literal("Ed25519"),
      x: z.string(),
      kid: z.string(),
      alg: z.literal("EdDSA"),
      use: z.literal("sig"),
    }),
  ),
});

export type JsonWebKeySet = z.infer<typeof JsonWebKeySet>;

/** `POST /v1/webhooks/list`. */
export const WebhookListRequest = z.strictObject({
  status: oneOrMany(TaskStatusEnum).optional(),
  created_at: TimeRange.optional(),
  metadata: Metadata.optional(),
  ...PageRequest,
});

export type WebhookListRequest = z.infer<typeof WebhookListRequest>;
