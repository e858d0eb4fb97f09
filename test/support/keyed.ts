import { HASH_FORM, heldSlot, type KeyedRequest } from "../../src/engine/keyed-request.ts";

/** A request under a key, for services that are called without HTTP. */
export function keyedBy(key: string, request: unknown): KeyedRequest {
  return { key, slot: heldSlot(key), hash: HASH_FORM + JSON.stringify(request) };
}
