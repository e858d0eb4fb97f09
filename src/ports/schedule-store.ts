import type {
  InsertOutcome,
  Page,
  PageOptions,
  ResourceFilter,
  ResourceRecord,
} from "./resource-store.ts";

/** A recurring submission. ACTIVE, SUSPENDED while paused, ARCHIVED while it is being deleted. */
export type ScheduleRecord = ResourceRecord & {
  readonly cron: string;
  readonly timezone: string;
  /** As JSON text: an input's field names may not all be field names in MongoDB. */
  readonly submission: string;
  readonly overlap: "allow" | "skip" | "queue";
  readonly last_fired_at: Date | null;
  readonly last_task_id: string | null;
  readonly last_error: string | null;
  /** Counts the changes that the queue must be told of. */
  readonly revision: number;
  /** A nonce of the last change, by which a writer recognises its own after a lost response. */
  readonly write_id: string;
  /** Since when the queue may be out of date; null when it is up to date. */
  readonly unsynced_at: Date | null;
};

/** The result of a firing. */
export type Firing = {
  readonly at: Date;
  readonly taskId: string | null;
  readonly error: string | null;
};

/** The schedules. Every method throws `StoreUnavailableError`. */
export interface ScheduleStore {
  insert(schedule: ScheduleRecord): Promise<InsertOutcome>;
  /** By id or unique name, within a namespace; none that is being deleted. */
  find(namespaceId: string, idOrName: string): Promise<ScheduleRecord | null>;
  get(scheduleId: string): Promise<ScheduleRecord | null>;
  list(
    namespaceId: string,
    filter: ResourceFilter,
    page: PageOptions,
  ): Promise<Page<ScheduleRecord>>;
  /**
   * Changes the revision that was read, and marks the queue as out of date; null when it was
   * changed since.
   */
  change(
    schedule: ScheduleRecord,
    fields: Partial<ScheduleRecord>,
    now: Date,
  ): Promise<ScheduleRecord | null>;
  /**
   * Records that the queue has this revision, in one write conditional on it; returns whether it
   * was the newest.
   */
  markSynced(schedule: ScheduleRecord): Promise<boolean>;
  /**
   * If there is a newer revision, marks the queue as out of date again: the update with this one
   * may have arrived after the newer one's.
   */
  markOvertaken(schedule: ScheduleRecord, now: Date): Promise<void>;
  recordFiring(scheduleId: string, firing: Firing): Promise<void>;
  /** Schedules of which the queue has not been told since before that time, oldest first. */
  dueForSync(before: Date, limit: number): Promise<readonly ScheduleRecord[]>;
  remove(scheduleId: string): Promise<void>;
}
