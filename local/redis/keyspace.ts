import type { ByteString } from "./reply.ts";

export type Entry = {
  value: ByteString;
  /** When the key expires, in ms since the epoch; null: never. */
  expiresAtMs: number | null;
  /** Grows with each new key, so that a SCAN cursor can name a place among them. */
  readonly sequence: number;
};

/** Below this many keys, expired ones that nobody reads are left to lie. */
const MIN_SWEEP_KEYS = 100_000;

/** All keys of the one database. Expired keys are dropped when touched. */
export class Keyspace {
  /** The time that counts, set before each command: it stands still within one, and in a script. */
  nowMs = 0;

  readonly #entries = new Map<ByteString, Entry>();
  #lastSequence = 0;
  #sweepAtKeys = MIN_SWEEP_KEYS;
  #scan: { after: number; iterator: Iterator<[ByteString, Entry]> } | null = null;

  get(key: ByteString): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#isExpired(entry)) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: ByteString, value: ByteString, expiresAtMs: number | null): void {
    // A key that is overwritten keeps its place in the Map, so it must keep its sequence too.
    const sequence = this.#entries.get(key)?.sequence ?? this.#nextSequence();
    this.#entries.set(key, { value, expiresAtMs, sequence });
  }

  delete(key: ByteString): boolean {
    return this.get(key) !== undefined && this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#scan = null;
  }

  /** All keys that are not expired. */
  keys(): ByteString[] {
    this.#sweep();
    return [...this.#entries.keys()];
  }

  /**
   * Up to `count` keys that come after the cursor, and the cursor to go on from (0: the end).
   * A key that exists throughout is seen exactly once; a page can be asked for again.
   */
  scan(after: number, count: number): { next: number; page: ByteString[] } {
    const iterator = this.#scan?.after === after ? this.#scan.iterator : this.#iterateFrom(after);
    this.#scan = null;
    const page: ByteString[] = [];
    for (let seen = 0; seen < count; seen += 1) {
      const step = iterator.next();
      if (step.done === true) return { next: 0, page };
      const [key, entry] = step.value;
      if (!this.#isExpired(entry)) page.push(key);
      // The Map's iterator is live, so keeping it spares the walk back to the cursor.
      this.#scan = { after: entry.sequence, iterator };
    }
    return { next: this.#scan?.after ?? 0, page };
  }

  *#iterateFrom(after: number): Generator<[ByteString, Entry], undefined> {
    for (const pair of this.#entries) if (pair[1].sequence > after) yield pair;
    return undefined;
  }

  #nextSequence(): number {
    if (this.#entries.size >= this.#sweepAtKeys) {
      this.#sweep();
      this.#sweepAtKeys = Math.max(MIN_SWEEP_KEYS, this.#entries.size * 2);
    }
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  #sweep(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#isExpired(entry)) this.#entries.delete(key);
    }
  }

  /** At the very millisecond the key is still there: Redis compares with `now > when`. */
  #isExpired(entry: Entry): boolean {
    return entry.expiresAtMs !== null && this.nowMs > entry.expiresAtMs;
  }
}
