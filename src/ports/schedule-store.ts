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
  /** A nonce of the last change, by which a writer whose answer was lost knows its own. */
  readonly write_id: string;
  /** When the queue was last to be told of a change that it may not know; null when it knows all. */
  readonly unsynced_at: Date | null;
};

/** What a firing came to. */
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
  /** Changes it in the revision that was read, and notes that the queue must be told; null when it was changed since. */
  change(
    schedule: ScheduleRecord,
    fields: Partial<ScheduleRecord>,
    now: Date,
  ): Promise<ScheduleRecord | null>;
  /** Notes that the queue knows this revision, by one write on condition of it; whether it was the newest. */
  markSynced(schedule: ScheduleRecord): Promise<boolean>;
  /**
   * When there is a newer revision, notes that the queue must be told again: what was told of this
   * one may have arrived after what was told of that.
   */
  markOvertaken(schedule: ScheduleRecord, now: Date): Promise<void>;
  recordFiring(scheduleId: string, firing: Firing): Promise<void>;
  /** Schedules of which the queue has not been told since before that time, oldest first. */
  dueForSync(before: Date, limit: number): Promise<readonly ScheduleRecord[]>;
  remove(scheduleId: string): Promise<void>;
}
