import { ID_PREFIXES } from "../../contract/ids.ts";
import { sha256 } from "../../crypto/sha256.ts";

/** The part of an id that is its time (UUIDv7, RFC 9562), in hexadecimal digits. */
const TIME_DIGITS = 12;

const HASH_DIGITS = 20;

/**
 * The id of an event's delivery to an endpoint: the event's time, then 80 bits of SHA-256 over both
 * ids. A dispatch that runs twice computes the same id, and the unique `_id` allows only one
 * delivery.
 */
export async function deliveryIdOf(eventId: string, webhookId: string): Promise<string> {
  const prefixLength = ID_PREFIXES.event.length + 1;
  const time = eventId.slice(prefixLength, prefixLength + TIME_DIGITS);
  const hash = (await sha256(eventId + webhookId)).slice(0, HASH_DIGITS);
  return `${ID_PREFIXES.delivery}_${time}${hash}`;
}
