import { v7 as uuidv7 } from "uuid";
import { ID_PREFIXES, type IdKind } from "./contract/ids.ts";

/** Makes a new id of a kind: time-ordered by `now` (UUIDv7, RFC 9562), so that it sorts by age. */
export type NewId = (kind: IdKind) => string;

/**
 * A {@link NewId} over a clock. Ids of the same millisecond are in order too, by a counter with a
 * random start (RFC 9562, 6.2, method 1), so the objects of one request are listed as sent.
 */
export function createNewId(now: () => Date): NewId {
  let last = { msecs: -1, seq: 0 };
  return (kind) => {
    const msecs = now().getTime();
    last = { msecs, seq: msecs === last.msecs ? last.seq + 1 : randomStart() };
    return `${ID_PREFIXES[kind]}_${uuidv7(last).replaceAll("-", "")}`;
  };
}

/** In the lower half of 32 bits, so counting up doesn't overflow. */
function randomStart(): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return random >>> 1;
}
