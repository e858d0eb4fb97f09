import type { TaskStatus } from "../contract/status.ts";
import type { SignatureScheme } from "../contract/webhook.ts";
import type { InsertOutcome, Page, PageOptions, ResourceFilter } from "./resource-store.ts";
import type { FanOutCursor, FanOutMove, PendingEvent } from "./task-store.ts";

/** A secret or key pair that deliveries to an endpoint are signed with. */
export type SigningSecret = {
  /** `v1`: HMAC-SHA256 with a `whsec_…`. `v1a`: Ed25519 with a `whsk_…`. */
  readonly scheme: SignatureScheme;
  /** In its written form, sealed with the deployment's key and bound to the endpoint's id. */
  readonly sealed: string;
  /** The `whpk_…` of a key pair; null for `v1`. */
  readonly public_key: string | null;
  /** The public key's name in the key set; null for `v1`. */
  readonly kid: string | null;
  readonly created_at: Date;
  /** From when on it signs no more; null: until it is replaced. */
  readonly expires_at: Date | null;
  /** The request that made it, if it may be sent again. */
  readonly idempotency_key: string | null;
  readonly request_hash: string | null;
};

/** Who took an endpoint out of service: its owner, or its failures. */
export type SuspendedBy = "owner" | "failure";

/** A webhook endpoint as it is stored. */
export type WebhookRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly url: string;
  /** Event types or patterns such as `task.*`. */
  readonly event_types: readonly string[];
  /** Empty: all. */
  readonly task_types: readonly string[];
  /** Empty: all; otherwise an event's task must have one of them. */
  readonly tags: readonly string[];
  /** The custom headers: names, and names with values as one sealed JSON text (null: none). */
  readonly header_names: readonly string[];
  readonly sealed_headers: string | null;
  readonly description: string | null;
  readonly metadata: Record<string, string | number | boolean>;
  readonly status: TaskStatus;
  /** Why it is SUSPENDED; null otherwise. */
  readonly status_reason: string | null;
  /** Who suspended it; null exactly when it is not SUSPENDED. */
  readonly suspended_by: SuspendedBy | null;
  /** Newest first; those whose end has come are dropped when the list is next written. */
  readonly secrets: readonly SigningSecret[];
  /** A nonce of the last change of `secrets`, by which changes at once are told apart. */
  readonly secrets_write_id: string;
  /** When the present row of failures began; null while the last attempt succeeded. */
  readonly failing_since: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** Unique in the namespace: of the request that made it, else its own id. */
  readonly idempotency_slot: string;
  /** The endpoint's own outbox (`webhook.endpoint.disabled`), as a task has one. */
  readonly pending_events: readonly PendingEvent[];
  readonly outbox_at: Date | null;
  readonly fan_out?: FanOutCursor | null;
  readonly sequence: number;
};

export type WebhookPatch = Partial<
  Pick<
    WebhookRecord,
    | "url"
    | "event_types"
    | "task_types"
    | "tags"
    | "header_names"
    | "sealed_headers"
    | "description"
    | "metadata"
    | "status"
    | "status_reason"
    | "suspended_by"
    | "secrets"
    | "secrets_write_id"
    | "failing_since"
    | "updated_at"
  >
>;

/** Keeps the endpoints. Methods throw `StoreUnavailableError`. */
export interface WebhookStore {
  insert(webhook: WebhookRecord): Promise<InsertOutcome>;
  find(namespaceId: string, webhookId: string): Promise<WebhookRecord | null>;
  /** Those of them that there are in the namespace, in no certain order. One read. */
  findMany(namespaceId: string, webhookIds: readonly string[]): Promise<readonly WebhookRecord[]>;
  findByIdempotencySlot(namespaceId: string, slot: string): Promise<WebhookRecord | null>;
  /** In any namespace, for delivery and cron. */
  get(webhookId: string): Promise<WebhookRecord | null>;
  list(
    namespaceId: string,
    filter: ResourceFilter,
    page: PageOptions,
  ): Promise<Page<WebhookRecord>>;
  /** Null when there is none, or its secrets were changed since `ifSecrets`, if that is given. */
  update(
    namespaceId: string,
    webhookId: string,
    patch: WebhookPatch,
    ifSecrets?: string,
  ): Promise<WebhookRecord | null>;
  remove(namespaceId: string, webhookId: string): Promise<boolean>;
  /** Whether the namespace has an ACTIVE endpoint at all. One read of one document at most. */
  anyActive(namespaceId: string): Promise<boolean>;
  /** ACTIVE endpoints of a namespace in order of id, after `afterId`. */
  activeAfter(
    namespaceId: string,
    afterId: string | null,
    limit: number,
  ): Promise<readonly WebhookRecord[]>;
  /** Starts the row of failures if none is under way. One conditional write. */
  noteFailure(webhookId: string, at: Date): Promise<void>;
  /** Ends the row of failures. One conditional write. */
  noteSuccess(webhookId: string): Promise<void>;
  /**
   * ACTIVE → SUSPENDED with its event in the same write; false when it was not ACTIVE any more,
   * so that of two failing deliveries one only says so.
   */
  suspend(webhook: WebhookRecord, reason: string, event: PendingEvent, at: Date): Promise<boolean>;
  /** Of which something is sealed with that prefix, in order of id, after `afterId`. */
  sealedWith(
    prefix: string,
    afterId: string | null,
    limit: number,
  ): Promise<readonly WebhookRecord[]>;
  /**
   * Replaces what is sealed by the same under another key, if neither the secrets nor the headers
   * were changed since `webhook` was read. One conditional write; whoever comes between has sealed anew.
   */
  reseal(
    webhook: WebhookRecord,
    sealed: Pick<WebhookRecord, "secrets" | "secrets_write_id" | "sealed_headers">,
  ): Promise<void>;
  settleEvents(webhookId: string, eventIds: readonly string[]): Promise<void>;
  /** As with a task's outbox. */
  moveFanOuts(moves: readonly FanOutMove[]): Promise<number>;
  dueForDispatch(before: Date, limit: number): Promise<readonly WebhookRecord[]>;
}
