import type { EventRecord } from "../../ports/delivery-store.ts";

/**
 * How long a stream lasts, in milliseconds; the client then comes again and goes on where it was.
 * It bounds how long a revoked key still sees what happens.
 */
export const STREAM_MS = 300_000;

/**
 * An event, or that there was none for as long as a connection should be silent. `id` is from where
 * the stream goes on afterwards; null: as before.
 */
export type StreamItem =
  | { readonly kind: "event"; readonly id: string; readonly event: EventRecord }
  | { readonly kind: "idle"; readonly id: string | null };

/** Events as they happen. */
export type EventStream = {
  readonly items: AsyncGenerator<StreamItem, void, void>;
  /** Ends a wait under way; for a reader that goes away. */
  readonly leave: () => void;
};
