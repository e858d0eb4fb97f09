import { z } from "zod";
import { Metadata, oneOrMany, PageRequest, TargetUrl, Timestamp, TimeRange } from "./common.ts";
import { EventTypePattern } from "./event.ts";
import { NamespaceId, WebhookId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";

const MAX_HEADERS = 20;

/**
 * Headers that belong to one connection (RFC 9110, section 7.6.1, and the older names still in
 * use) or that say where the request goes: never a caller's to set.
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

/** Prefixes of headers that Waybill sets itself: the body's, and the signature's. */
const RESERVED_HEADER_PREFIXES = ["content-", "webhook-"] as const;

/** What is wrong with a custom header's name; null when nothing is. */
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
 * What the endpoint wants to be sent beside the payload, such as `authorization`. Values are
 * printable ASCII: a line break in one would be another header (request splitting).
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
  }
});

const fields = {
  url: TargetUrl,
  event_types: z.array(EventTypePattern).min(1).max(50),
  task_types: z.array(z.string().min(1).max(128)).max(50),
  tags: z.array(z.string().min(1).max(128)).max(50),
  headers: CustomHeaders,
  description: z.string().max(1000).nullable(),
  metadata: Metadata,
} as const;

/** `POST /v1/webhooks`. */
export const CreateWebhookRequest = z.strictObject({
  url: fields.url,
  event_types: fields.event_types,
  task_types: fields.task_types.optional(),
  tags: fields.tags.optional(),
  headers: fields.headers.optional(),
  description: fields.description.optional(),
  metadata: fields.metadata.optional(),
});

export type CreateWebhookRequest = z.infer<typeof CreateWebhookRequest>;

/** `PATCH /v1/webhooks/{webhook_id}`: what is given replaces what was; `status` pauses or resumes. */
export const UpdateWebhookRequest = z
  .strictObject({ ...fields, status: z.enum(["ACTIVE", "SUSPENDED"]) })
  .partial();

export type UpdateWebhookRequest = z.infer<typeof UpdateWebhookRequest>;

/** An endpoint that events are sent to. */
export const Webhook = z.object({
  webhook_id: WebhookId,
  namespace_id: NamespaceId,
  url: z.string(),
  event_types: z.array(z.string()),
  /** Empty: all. */
  task_types: z.array(z.string()),
  /** Empty: all; otherwise the event's task has one of them. */
  tags: z.array(z.string()),
  headers: z.record(z.string(), z.string()),
  description: z.string().nullable(),
  metadata: Metadata,
  status: TaskStatusEnum,
  /** Why it is SUSPENDED; null otherwise. */
  status_reason: z.string().nullable(),
  /** When the present row of failed attempts began; null while it answers well. */
  failing_since: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Webhook = z.infer<typeof Webhook>;

/** The answer of `POST /v1/webhooks`: the only one that ever shows the signing secret. */
export const CreatedWebhook = Webhook.extend({
  /** `whsec_` and base64, as the libraries of standardwebhooks.com take it. */
  secret: z.string(),
});

/** `POST /v1/webhooks/list`. */
export const WebhookListRequest = z.strictObject({
  status: oneOrMany(TaskStatusEnum).optional(),
  created_at: TimeRange.optional(),
  metadata: Metadata.optional(),
  ...PageRequest,
});

export type WebhookListRequest = z.infer<typeof WebhookListRequest>;
