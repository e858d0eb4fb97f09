import type { EventRecord } from "../../ports/delivery-store.ts";

/**
 * How long a stream lasts, in milliseconds; the client then reconnects and continues where it was.
 * This bounds how long a revoked key can still read events.
 */
export const STREAM_MS = 300_000;

/**
 * An event, or a sign that none came for as long as a connection may be silent. `id` is where the
 * stream continues afterwards; null: unchanged.
 */
export type StreamItem =
  | { readonly kind: "event"; readonly id: string; readonly event: EventRecord }
  | { readonly kind: "idle"; readonly id: string | null };

/** Events as they happen. */
export type EventStream = {
  readonly items: AsyncGenerator<StreamItem, void, void>;
  /** Ends a wait in progress when the reader disconnects. */
  readonly leave: () => void;
};
