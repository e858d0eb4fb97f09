import { ID_PREFIXES } from "../../contract/ids.ts";

/**
 * The digits of an id that are changed: the last 40 bits, which are random in every id that
 * `newId` makes. The time and the counter before them stay, so that copies keep their order.
 */
const MAPPED_DIGITS = 10;

const ID = /^[a-z]+_[0-9a-f]{32}$/;

/** How one migration names its copies. */
export type IdMap = {
  /** The copy's id for the source's, and the source's for the copy's: the map is its own inverse. */
  readonly map: (id: string) => string;
};

/**
 * The ids of a migration's copies: each is the source's id XOR a mask made of the migration's id.
 * So a step that runs twice writes the same rows; no two rows of a source ever get the same id; and
 * a copy says by itself which row it is of. Two migrations of one namespace have the same mask, and
 * so the same ids, with a chance of 2⁻⁴⁰; then the second one fails and writes over nothing.
 */
export async function createIdMap(migrationId: string): Promise<IdMap> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(migrationId));
  let mask = 0n;
  for (const byte of new Uint8Array(digest).subarray(0, MAPPED_DIGITS / 2)) {
    mask = (mask << 8n) | BigInt(byte);
  }
  return {
    map: (id) => {
      if (!ID.test(id)) return id;
      const tail = BigInt(`0x${id.slice(-MAPPED_DIGITS)}`) ^ mask;
      return id.slice(0, -MAPPED_DIGITS) + tail.toString(16).padStart(MAPPED_DIGITS, "0");
    },
  };
}

/** The id of a migration's target, known from the beginning: the migration's own with another prefix. */
export function targetIdOf(migrationId: string): string {
  return `${ID_PREFIXES.namespace}_${migrationId.slice(migrationId.indexOf("_") + 1)}`;
}
