import { sha256 } from "../crypto/sha256.ts";
import { DomainError } from "./errors.ts";

/** The prefix of a request's digest, which names the hashed form. Older rows have no prefix. */
export const HASH_FORM = "jcs:";

/** What identifies a submission, so a repetition is recognised. */
export type Keyed = {
  /** The slot that only one task of the namespace may hold. */
  readonly slot: string;
  /**
   * The digest of the caller's request; null when everything with this slot is the same request,
   * such as the copies of one firing.
   */
  readonly hash: string | null;
};

/** A request that its caller may send again under its `Idempotency-Key`. */
export type KeyedRequest = Keyed & {
  readonly key: string;
  /** `jcs:` and SHA-256 of the request as it was sent: method, route, path and body (RFC 8785). */
  readonly hash: string;
};

/** The form of a slot that belongs to a caller's key rather than to a task. */
export function heldSlot(key: string): string {
  return `key:${key}`;
}

/**
 * Throws `idempotency_key_reused` when `made` came from another request. Rows from before requests
 * were hashed as sent can't be compared and count as the same.
 */
export function requireSameRequest(
  made: { readonly id: string; readonly hash: string | null | undefined },
  { hash }: Keyed,
): void {
  const isComparable = hash !== null && made.hash?.startsWith(HASH_FORM) === true;
  if (isComparable && made.hash !== hash) throw keyReused(`made ${made.id}, from another request`);
}

/** The refusal of a key; `why` says what it did. */
export function keyReused(why: string): DomainError {
  return new DomainError(
    "idempotency_key_reused",
    `This Idempotency-Key ${why}. Use a new key for a new request.`,
    [{ path: "Idempotency-Key", message: "used for another request" }],
  );
}

/**
 * An id derived only from a namespace and a key, in the form of a UUIDv8 (RFC 9562, section 5.8):
 * two copies of one request insert the same `_id`, and one of them wins.
 */
export async function keyedId(prefix: string, namespaceId: string, key: string): Promise<string> {
  const hash = await sha256(`${namespaceId}\n${key}`);
  return `${prefix}_${hash.slice(0, 12)}8${hash.slice(13, 16)}8${hash.slice(17, 32)}`;
}
