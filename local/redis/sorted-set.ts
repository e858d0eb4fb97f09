import type { ByteString } from "./reply.ts";

export type ScoredMember = { readonly member: ByteString; readonly score: number };

/**
 * Members with scores, ordered by score and then by bytes.
 *
 * The order is built at the first read and kept by binary search from then on: loading many
 * members costs one sort, and a queue that adds and reads in turn never sorts again.
 */
export class SortedSet {
  readonly #scores = new Map<ByteString, number>();
  #ordered: ScoredMember[] | null = null;

  get size(): number {
    return this.#scores.size;
  }

  score(member: ByteString): number | undefined {
    return this.#scores.get(member);
  }

  set(member: ByteString, score: number): void {
    const previous = this.#scores.get(member);
    if (previous === score) return;
    this.#scores.set(member, score);
    if (this.#ordered === null) return;
    if (previous !== undefined) this.#ordered.splice(this.#position(member, previous), 1);
    this.#ordered.splice(this.#position(member, score), 0, { member, score });
  }

  delete(member: ByteString): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#ordered?.splice(this.#position(member, score), 1);
    return this.#scores.delete(member);
  }

  /** All members in order; read only, and valid until the next change. */
  ordered(): readonly ScoredMember[] {
    if (this.#ordered === null) {
      this.#ordered = Array.from(this.#scores, ([member, score]) => ({ member, score }));
      this.#ordered.sort((a, b) => compare(a, b.member, b.score));
    }
    return this.#ordered;
  }

  /** The zero-based place of a member that is in the set. */
  rank(member: ByteString, score: number): number {
    this.ordered();
    return this.#position(member, score);
  }

  /** How many members have a score below the limit (or up to it, when inclusive). */
  countBelow(limit: number, inclusive: boolean): number {
    const ordered = this.ordered();
    let low = 0;
    let high = ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const score = ordered[middle]?.score ?? 0;
      if (score < limit || (inclusive && score === limit)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #position(member: ByteString, score: number): number {
    const ordered = this.#ordered ?? [];
    let low = 0;
    let high = ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = ordered[middle];
      if (item !== undefined && compare(item, member, score) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(item: ScoredMember, member: ByteString, score: number): number {
  if (item.score !== score) return item.score < score ? -1 : 1;
  if (item.member === member) return 0;
  return item.member < member ? -1 : 1;
}
