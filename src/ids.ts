import { v7 as uuidv7 } from "uuid";
import { ID_PREFIXES, type IdKind } from "./contract/ids.ts";

/** Makes a new id of a kind: time-ordered by `now` (UUIDv7, RFC 9562), so that it sorts by age. */
export type NewId = (kind: IdKind) => string;

/** A {@link NewId} over a clock. */
export function createNewId(now: () => Date): NewId {
  return (kind) => `${ID_PREFIXES[kind]}_${uuidv7({ msecs: now().getTime() }).replaceAll("-", "")}`;
}
