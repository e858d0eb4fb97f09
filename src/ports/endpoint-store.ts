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
  /** When it stops signing; null: it signs until it is replaced. */
  readonly expires_at: Date | null;
  /** The request that made it, if it may be sent again. */
  readonly idempotency_key: string | null;
  readonly request_hash: string | null;
};

/** Who took an endpoint out of service: its owner, or its failures. */
export type SuspendedBy = "owner" | "failure";

/** In which order an endpoint gets events: as they come, or those of a task strictly by sequence. */
export type Ordering = "none" | "task";

/** At most `max` attempts in `period_seconds`. */
export type RateLimit = { readonly max: number; readonly period_seconds: number };

/**
 * The circuit breaker of an endpoint. Closed: attempts are made. Open: none is. Half-open, which
 * cron makes it after `open_until`: one delivery may be attempted, the probe.
 */
export type CircuitRecord = {
  readonly state: "closed" | "open" | "half_open";
  /** When the cool-down ends; null unless open. */
  readonly open_until: Date | null;
  /** Which delivery is the probe; null unless half-open, and then: the next that comes. */
  readonly probe_delivery_id: string | null;
  /** Failed attempts since the last recorded success. */
  readonly consecutive_failures: number;
  /** How many times in a row it has opened; the cool-down grows with it. */
  readonly openings: number;
};

/** The circuit of a healthy endpoint. */
export const CLOSED_CIRCUIT: CircuitRecord = {
  state: "closed",
  open_until: null,
  probe_delivery_id: null,
  consecutive_failures: 0,
  openings: 0,
};

/** A webhook endpoint as it is stored. */
export type EndpointRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  /** Null: nothing is sent to it; its consumer polls. */
  readonly url: string | null;
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
  /**
   * Who took it out of service; null exactly when it is not SUSPENDED. An endpoint paused by its
   * owner still collects deliveries, which are held; one suspended for failure gets none.
   */
  readonly suspended_by: SuspendedBy | null;
  readonly ordering: Ordering;
  /** Null: no limit. */
  readonly rate_limit: RateLimit | null;
  /** How many attempts may run at once; null: the default. */
  readonly max_concurrency: number | null;
  /** Newest first; those whose end has come are dropped when the list is next written. */
  readonly secrets: readonly SigningSecret[];
  /** A nonce of the last change of `secrets`, which tells simultaneous changes apart. */
  readonly secrets_write_id: string;
  /** When the current run of failures began; null while attempts succeed. */
  readonly failing_since: Date | null;
  readonly circuit: CircuitRecord;
  /** When cron next looks at the deliveries that are held for it; null when it need not. */
  readonly holds_due_at: Date | null;
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

/** An endpoint that is sent to. */
export type ReachableEndpoint = EndpointRecord & { readonly url: string };

export type EndpointPatch = Partial<
  Pick<
    EndpointRecord,
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
    | "ordering"
    | "rate_limit"
    | "max_concurrency"
    | "failing_since"
    | "circuit"
    | "holds_due_at"
    | "updated_at"
  >
>;

/**
 * What an endpoint's filters must let through for it to get any of some events, as far as a query
 * can tell: one of the patterns, and where it has such filters one of the task types and of the tags.
 */
export type Wanted = {
  readonly patterns: readonly string[];
  readonly taskTypes: readonly string[];
  readonly tags: readonly string[];
};

/** Keeps the endpoints. Methods throw `StoreUnavailableError`. */
export interface EndpointStore {
  insert(webhook: EndpointRecord): Promise<InsertOutcome>;
  find(namespaceId: string, webhookId: string): Promise<EndpointRecord | null>;
  findByIdempotencySlot(namespaceId: string, slot: string): Promise<EndpointRecord | null>;
  /** In any namespace, for delivery and cron. */
  get(webhookId: string): Promise<EndpointRecord | null>;
  /** Those of them that exist, in any namespace. One read. */
  getMany(webhookIds: readonly string[]): Promise<readonly EndpointRecord[]>;
  list(
    namespaceId: string,
    filter: ResourceFilter,
    page: PageOptions,
  ): Promise<Page<EndpointRecord>>;
  /** Null when there is none, or its secrets were changed since `ifSecrets`, if that is given. */
  update(
    namespaceId: string,
    webhookId: string,
    patch: EndpointPatch,
    ifSecrets?: string,
  ): Promise<EndpointRecord | null>;
  remove(namespaceId: string, webhookId: string): Promise<boolean>;
  /** Whether the namespace has an ACTIVE endpoint at all. One read of one document at most. */
  anyActive(namespaceId: string): Promise<boolean>;
  /**
   * Endpoints of a namespace that deliveries are made for, with a URL, and ACTIVE or paused by
   * their owner, in order of id, after `afterId`; only those that may match `wanted`: the database
   * filters out the others, so a thousand cost no more than the few that match.
   */
  receiversAfter(
    namespaceId: string,
    afterId: string | null,
    limit: number,
    wanted: Wanted,
  ): Promise<readonly ReachableEndpoint[]>;
  /**
   * Counts a failed attempt, the first of a row with its time; the endpoint as it is afterwards,
   * null when it is gone. One write when `isFailing` is as it is stored, else two. A lost response
   * may count one failure twice, so the log is checked before the count opens a circuit.
   */
  noteFailure(webhookId: string, at: Date, isFailing: boolean): Promise<EndpointRecord | null>;
  /** Restarts the run of failures at one, if it is still the one that was read. */
  restartFailures(webhook: EndpointRecord, at: Date): Promise<void>;
  /**
   * Ends the run of failures and closes the circuit. If it was not closed, cron then releases what
   * it held. One write, two when it opened since the endpoint was read.
   */
  noteSuccess(webhook: EndpointRecord, at: Date): Promise<void>;
  /**
   * Opens the circuit if it is still as it was read: of many failures at once one opens it. False
   * when another did. Cron looks at what is held when the cool-down ends.
   */
  openCircuit(webhook: EndpointRecord, openUntil: Date): Promise<boolean>;
  /**
   * Makes the circuit half-open, with this delivery as its probe, if it is still as it was read:
   * only one of many simultaneous deliveries becomes the probe; false for the others. Cron looks at
   * `lookAgainAt` whether the probe has come back.
   */
  letProbe(
    webhook: EndpointRecord,
    deliveryId: string | null,
    lookAgainAt: Date | null,
  ): Promise<boolean>;
  /** Endpoints whose held deliveries cron is to look at, those first that have waited longest. */
  dueForHolds(now: Date, limit: number): Promise<readonly EndpointRecord[]>;
  /** Sets when cron next looks, unless somebody else has since the endpoint was read. */
  setHoldsDue(webhook: EndpointRecord, at: Date | null): Promise<void>;
  /**
   * ACTIVE → SUSPENDED by failure, with its event in the same write; false when it was not ACTIVE
   * any more, so only one of two failing deliveries sends it.
   */
  suspend(webhook: EndpointRecord, reason: string, event: PendingEvent, at: Date): Promise<boolean>;
  /** Of which something is sealed with that prefix, in order of id, after `afterId`. */
  sealedWith(
    prefix: string,
    afterId: string | null,
    limit: number,
  ): Promise<readonly EndpointRecord[]>;
  /**
   * Replaces the sealed values with the same ones under another key, if neither the secrets nor the
   * headers changed since `webhook` was read. One conditional write; any change in between has been
   * sealed with the new key.
   */
  reseal(
    webhook: EndpointRecord,
    sealed: Pick<EndpointRecord, "secrets" | "secrets_write_id" | "sealed_headers">,
  ): Promise<void>;
  clearOutbox(webhookId: string, eventIds: readonly string[]): Promise<void>;
  /** As with a task's outbox. */
  moveFanOuts(moves: readonly FanOutMove[]): Promise<number>;
  dueForDispatch(before: Date, limit: number): Promise<readonly EndpointRecord[]>;
}
