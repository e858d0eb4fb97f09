import { createHash } from "node:crypto";
import { DEDUPLICATION_WINDOW_MS } from "./limits.ts";
import type { MessageOptions } from "./options.ts";

export type Published = { readonly messageId: string; readonly url: string };

/**
 * Remembers ids for ten minutes, whatever became of their messages.
 *
 * From https://upstash.com/docs/qstash/features/deduplication.
 */
export class Deduplication {
  /** In the order of arrival, which is the order of expiry: the window is the same for all. */
  readonly #seen = new Map<string, { readonly untilMs: number; readonly first: Published[] }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  find(key: string): readonly Published[] | undefined {
    for (const [old, { untilMs }] of this.#seen) {
      if (untilMs > this.#now()) break;
      this.#seen.delete(old);
    }
    return this.#seen.get(key)?.first;
  }

  remember(key: string, first: Published[]): void {
    this.#seen.set(key, { untilMs: this.#now() + DEDUPLICATION_WINDOW_MS, first });
  }
}

/** The key of a request: the id it gives, or a hash of destination, body and what is forwarded. */
export function deduplicationKey(
  destination: string,
  options: MessageOptions,
  body: Buffer,
): string | undefined {
  if (options.deduplicationId !== undefined) return `id:${options.deduplicationId}`;
  if (!options.isContentDeduplicated) return undefined;
  const header = Object.entries(options.header).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash("sha256")
    .update(JSON.stringify([destination, header]))
    .update(body);
  return `content:${hash.digest("hex")}`;
}
