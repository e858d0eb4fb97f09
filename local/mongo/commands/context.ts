/** What every command is given. */
import type { Examined } from "../planner/execute.ts";
import type { Store } from "../storage/store.ts";
import type { Doc } from "../values/types.ts";
import type { CursorTable } from "./cursor-table.ts";

export type CommandContext = {
  readonly store: Store;
  readonly cursors: CursorTable;
  /** The server's running total, which index tests read. */
  readonly examined: Examined;
  readonly now: () => Date;
  readonly connectionId: number;
  /** `$db`: every command names its database. */
  readonly database: string;
};

/** A document, or the bytes of one that was put together from stored bytes. */
export type Reply = Doc | Uint8Array;

export type CommandDefinition = {
  readonly isWrite: boolean;
  /** Data commands are recorded and can be made to fail; the driver's housekeeping is neither. */
  readonly isRecorded: boolean;
  /** The fields that this command understands, beside those that all commands share. */
  readonly fields: readonly string[];
  /** Fields that change the result in ways that are not built: refused when set. */
  readonly refused?: readonly string[];
  readonly run: (context: CommandContext, command: Doc) => Reply;
};
