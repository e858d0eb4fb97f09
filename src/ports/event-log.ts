/** An event that has no position in its namespace's log yet; without what it says. */
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
 * The order of each namespace's events: a position for each, given one after the other. The unique
 * `_id` of a position lets one event have it, a unique index lets an event have one, and a position
 * is only ever taken when the one below it is: so nothing ever appears below what was seen. All
 * methods throw `StoreUnavailableError`.
 */
export interface EventLogStore {
  /** Events without a position, those first that were logged first. */
  unplaced(namespaceId: string, limit: number): Promise<readonly UnplacedEvent[]>;
  /** The highest position that is taken; 0 for none. */
  lastPosition(namespaceId: string): Promise<number>;
  /**
   * Gives events the positions from `first` on, in order, up to the first that is taken or whose
   * event has one: how many were given by this very command. After a lost answer the count may be
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
  /** Notes that these have a position, which `unplaced` doesn't look up. May be done twice. */
  markPlaced(eventIds: readonly string[]): Promise<void>;
  /** What stands above a position, in order. Only what no failover takes back. */
  above(namespaceId: string, position: number, limit: number): Promise<readonly LogPosition[]>;
  /** The position that was given last before a time; 0 for none. */
  lastGivenBefore(namespaceId: string, time: Date): Promise<number>;
  /**
   * Frees at most `limit` positions that were given before that time; how many it looked at. Each
   * namespace's highest stays, since the next position is reckoned from it.
   */
  purge(before: Date, now: Date, limit: number): Promise<number>;
}
