import type { TaskStatus } from "../contract/status.ts";
import type { InsertOutcome, Page, PageOptions, ResourceFilter } from "./resource-store.ts";
import type { FanOutCursor, FanOutMove, PendingEvent } from "./task-store.ts";

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
  readonly headers: Record<string, string>;
  readonly description: string | null;
  readonly metadata: Record<string, string | number | boolean>;
  readonly status: TaskStatus;
  /** Why it is SUSPENDED; null otherwise. */
  readonly status_reason: string | null;
  /** The signing secrets, newest first, sealed with the deployment's key. */
  readonly sealed_secrets: readonly string[];
  /** When the present row of failures began; null while the last attempt succeeded. */
  readonly failing_since: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
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
    | "headers"
    | "description"
    | "metadata"
    | "status"
    | "status_reason"
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
  /** In any namespace, for delivery and cron. */
  get(webhookId: string): Promise<WebhookRecord | null>;
  list(
    namespaceId: string,
    filter: ResourceFilter,
    page: PageOptions,
  ): Promise<Page<WebhookRecord>>;
  update(
    namespaceId: string,
    webhookId: string,
    patch: WebhookPatch,
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
  settleEvents(webhookId: string, eventIds: readonly string[]): Promise<void>;
  /** As with a task's outbox. */
  moveFanOuts(moves: readonly FanOutMove[]): Promise<number>;
  dueForDispatch(before: Date, limit: number): Promise<readonly WebhookRecord[]>;
}
