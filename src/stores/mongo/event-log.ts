import type { EventLogStore, LogPosition, UnplacedEvent } from "../../ports/event-log.ts";
import type { Doc, Database, Query } from "../../ports/database.ts";

const EVENTS = "events";
const POSITIONS = "event_positions";

/** The number of digits of the greatest safe integer: texts of equal length sort like numbers. */
const DIGITS = 16;

/**
 * A position as stored, with copies of the event's filter fields, so lists need not read the event.
 */
type PositionRow = Doc & {
  readonly namespace_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly task_id: string | null;
  readonly timestamp: Date;
  readonly created_at: Date;
};

/** The order of events, in the collection `event_positions`. Every method is one command but `purge`. */
export function createEventLogStore(database: Database): EventLogStore {
  const highest = async (namespaceId: string, filter: Query, sort: "_id" | "created_at") => {
    const row = await database.findOne<Doc>(POSITIONS, filter, {
      sort: { [sort]: -1 },
      projection: { _id: 1 },
    });
    return row === null ? 0 : positionOf(row._id, namespaceId);
  };
  const lastPosition = (namespaceId: string) =>
    highest(namespaceId, { _id: { $gt: `${namespaceId}:`, $lt: `${namespaceId};` } }, "_id");
  return {
    unplaced: (namespaceId, limit) =>
      database.find<UnplacedEvent>(
        EVENTS,
        // Those that have one hold null, which is before every date.
        { namespace_id: namespaceId, unplaced_at: { $gt: new Date(0) } },
        {
          sort: { unplaced_at: 1, sequence: 1 },
          limit,
          projection: { type: 1, task_id: 1, sequence: 1, timestamp: 1 },
        },
      ),
    lastPosition,
    place: (namespaceId, first, events, at) =>
      database.insertInOrder(
        POSITIONS,
        events.map(({ _id, type, task_id, timestamp }, index): PositionRow => ({
          _id: idOf(namespaceId, first + index),
          namespace_id: namespaceId,
          event_id: _id,
          type,
          task_id,
          timestamp,
          created_at: at,
        })),
      ),
    placedAmong: async (eventIds) => {
      const rows = await database.find<PositionRow>(
        POSITIONS,
        { event_id: { $in: eventIds } },
        { projection: { event_id: 1 } },
      );
      return rows.map((row) => row.event_id);
    },
    markPlaced: async (eventIds) => {
      if (eventIds.length === 0) return;
      const filter = { _id: { $in: eventIds } };
      await database.updateMany(EVENTS, filter, { $set: { unplaced_at: null } });
    },
    above: async (namespaceId, position, limit) => {
      const rows = await database.find<PositionRow>(
        POSITIONS,
        { _id: { $gt: idOf(namespaceId, position), $lt: `${namespaceId};` } },
        { sort: { _id: 1 }, limit, readConcern: "majority" },
      );
      return rows.map((row): LogPosition => ({
        position: positionOf(row._id, namespaceId),
        eventId: row.event_id,
        type: row.type,
        taskId: row.task_id,
        timestamp: row.timestamp,
      }));
    },
    lastGivenBefore: (namespaceId, time) =>
      highest(namespaceId, { namespace_id: namespaceId, created_at: { $lt: time } }, "created_at"),
    purge: async (before, now, limit) => {
      const old = await database.find<PositionRow>(
        POSITIONS,
        { created_at: { $lt: before } },
        { sort: { created_at: 1 }, limit, projection: { namespace_id: 1 } },
      );
      if (old.length === 0) return 0;
      const heads = await headsAmong(old);
      const freed = old.flatMap(({ _id }) => (heads.includes(_id) ? [] : [_id]));
      if (freed.length > 0) await database.deleteMany(POSITIONS, { _id: { $in: freed } });
      if (heads.length > 0) {
        // Checked again after the next retention period; otherwise later runs would find only those
        // of idle namespaces.
        const filter = { _id: { $in: heads } };
        await database.updateMany(POSITIONS, filter, { $set: { created_at: now } });
      }
      return old.length;
    },
  };

  /** Most have a position above them, which one read shows; the rest need a read per namespace. */
  async function headsAmong(rows: readonly PositionRow[]): Promise<readonly string[]> {
    const nextOf = ({ _id, namespace_id: id }: PositionRow) => idOf(id, positionOf(_id, id) + 1);
    const above = await database.find<Doc>(
      POSITIONS,
      { _id: { $in: rows.map((row) => nextOf(row)) } },
      { projection: { _id: 1 } },
    );
    const known = new Set(above.map((row) => row._id));
    const heads: string[] = [];
    for (const row of rows.filter((one) => !known.has(nextOf(one)))) {
      const { _id, namespace_id: namespaceId } = row;
      if ((await lastPosition(namespaceId)) === positionOf(_id, namespaceId)) heads.push(_id);
    }
    return heads;
  }
}

function idOf(namespaceId: string, position: number): string {
  return `${namespaceId}:${String(position).padStart(DIGITS, "0")}`;
}

function positionOf(id: string, namespaceId: string): number {
  return Number(id.slice(namespaceId.length + 1));
}
