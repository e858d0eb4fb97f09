/** An event without a position in its namespace's log yet; without its data. */
export type UnplacedEvent = {
  readonly _id: string;
  readonly type: string;
  readonly task_id: string | null;
  readonly sequence: number;
  readonly timestamp: Date;
};

/** An event's place in its namespace's log. */
export type LogPosition = {
  /** From 1, without gaps but for what was purged. It never changes. */
  readonly position: number;
  readonly eventId: string;
  readonly type: string;
  readonly taskId: string | null;
  readonly timestamp: Date;
};

/**
 * The order of each namespace's events: each gets the next position. The unique `_id` of a position
 * gives it to only one event, a unique index gives each event only one, and a position is taken
 * only after the one below it. So nothing ever appears below a position already read. All methods
 * throw `StoreUnavailableError`.
 */
export interface EventLogStore {
  /** Events without a position, those first that were logged first. */
  unplaced(namespaceId: string, limit: number): Promise<readonly UnplacedEvent[]>;
  /** The highest position that is taken; 0 for none. */
  lastPosition(namespaceId: string): Promise<number>;
  /**
   * Gives events the positions from `first` on, in order, up to the first position that is taken or
   * event that has one; returns how many this command gave. After a lost response the count may be
   * too low, never too high.
   */
  place(
    namespaceId: string,
    first: number,
    events: readonly UnplacedEvent[],
    at: Date,
  ): Promise<number>;
  /** Those of the events that have a position. */
  placedAmong(eventIds: readonly string[]): Promise<readonly string[]>;
  /** Marks these as having a position, so `unplaced` skips them. May be done twice. */
  markPlaced(eventIds: readonly string[]): Promise<void>;
  /** The entries above a position, in order. Reads only data that a failover can't roll back. */
  above(namespaceId: string, position: number, limit: number): Promise<readonly LogPosition[]>;
  /** The position that was given last before a time; 0 for none. */
  lastGivenBefore(namespaceId: string, time: Date): Promise<number>;
  /**
   * Frees at most `limit` positions given before that time; returns how many it looked at. Each
   * namespace's highest stays, since the next position is computed from it.
   */
  purge(before: Date, now: Date, limit: number): Promise<number>;
}
