/**
 * A sorted sequence in chunks: a two-level B-tree. An insertion is two binary searches and one
 * short splice, so that 100,000 documents with five indexes go in quickly.
 */

const CHUNK_LIMIT = 512;

/** Between which two entries; `chunk` may be one past the last. */
export type Position = { readonly chunk: number; readonly offset: number };

export class SortedList<T> {
  #chunks: T[][] = [];
  #size = 0;
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  insert(entry: T): void {
    const at = this.#search((other) => this.#compare(other, entry) < 0);
    // Past the end belongs into the last chunk.
    const chunkIndex = Math.min(at.chunk, Math.max(0, this.#chunks.length - 1));
    const chunk = this.#chunks[chunkIndex];
    this.#size += 1;
    if (chunk === undefined) {
      this.#chunks.push([entry]);
      return;
    }
    if (chunkIndex === at.chunk) chunk.splice(at.offset, 0, entry);
    else chunk.push(entry);
    if (chunk.length > CHUNK_LIMIT) this.#split(chunkIndex, chunk);
  }

  /** Entries that arrive in order (times, ids) fill their chunk; others leave room on both sides. */
  #split(chunkIndex: number, chunk: T[]): void {
    const isLast = chunkIndex === this.#chunks.length - 1;
    const keep = isLast ? Math.floor((CHUNK_LIMIT * 7) / 8) : Math.floor(CHUNK_LIMIT / 2);
    this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(keep));
  }

  delete(entry: T): void {
    const at = this.#search((other) => this.#compare(other, entry) < 0);
    const chunk = this.#chunks[at.chunk];
    const found = chunk?.[at.offset];
    if (chunk === undefined || found === undefined || this.#compare(found, entry) !== 0) return;
    chunk.splice(at.offset, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(at.chunk, 1);
  }

  /** The position before the first entry that is not `isBefore`; the list must be so divided. */
  #search(isBefore: (entry: T) => boolean): Position {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1);
      if (last !== undefined && isBefore(last)) low = middle + 1;
      else high = middle;
    }
    const chunk = this.#chunks[low];
    if (chunk === undefined) return { chunk: low, offset: 0 };
    let from = 0;
    let to = chunk.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const entry = chunk[middle];
      if (entry !== undefined && isBefore(entry)) from = middle + 1;
      else to = middle;
    }
    return { chunk: low, offset: from };
  }

  partitionPoint(isBefore: (entry: T) => boolean): Position {
    return this.#search(isBefore);
  }

  start(): Position {
    return { chunk: 0, offset: 0 };
  }

  end(): Position {
    return { chunk: this.#chunks.length, offset: 0 };
  }

  at(position: Position): T | undefined {
    return this.#chunks[position.chunk]?.[position.offset];
  }

  /** About how many entries lie between; exact within one chunk. */
  estimate(from: Position, to: Position): number {
    const chunks = to.chunk - from.chunk;
    if (chunks < 0) return 0;
    if (chunks === 0) return Math.max(0, to.offset - from.offset);
    const mean = this.#size / this.#chunks.length;
    return Math.max(1, Math.round(chunks * mean + to.offset - from.offset));
  }

  /** The entries between the positions. The list must not change while they are read. */
  *forward(from: Position, to: Position): Generator<T, void> {
    let { offset } = from;
    for (let i = from.chunk; i <= to.chunk; i += 1) {
      const chunk = this.#chunks[i];
      if (chunk === undefined) return;
      const stop = i === to.chunk ? to.offset : chunk.length;
      for (; offset < stop; offset += 1) {
        const entry = chunk[offset];
        if (entry !== undefined) yield entry;
      }
      offset = 0;
    }
  }

  *backward(from: Position, to: Position): Generator<T, void> {
    for (let i = Math.min(to.chunk, this.#chunks.length - 1); i >= from.chunk; i -= 1) {
      const chunk = this.#chunks[i];
      if (chunk === undefined) return;
      const first = i === from.chunk ? from.offset : 0;
      const last = i === to.chunk ? to.offset : chunk.length;
      for (let offset = last - 1; offset >= first; offset -= 1) {
        const entry = chunk[offset];
        if (entry !== undefined) yield entry;
      }
    }
  }
}
