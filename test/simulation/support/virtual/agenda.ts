/** Something that is due at a time; of two at the same time the one that was scheduled first. */
export type Timer = {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCalledOff: boolean;
};

/** Timers, the earliest of which is at hand: a binary heap, since there are thousands. */
export function createAgenda() {
  const heap: Timer[] = [];

  function isBefore(one: number, other: number): boolean {
    const [left, right] = [heap[one], heap[other]];
    if (left === undefined || right === undefined) return left !== undefined;
    return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  }

  function swap(one: number, other: number): void {
    const [left, right] = [heap[one], heap[other]];
    if (left === undefined || right === undefined) return;
    heap[one] = right;
    heap[other] = left;
  }

  return {
    first: (): Timer | null => heap[0] ?? null,
    add: (timer: Timer): void => {
      let at = heap.push(timer) - 1;
      for (let above = (at - 1) >> 1; at > 0 && isBefore(at, above); above = (at - 1) >> 1) {
        swap(at, above);
        at = above;
      }
    },
    takeFirst: (): void => {
      swap(0, heap.length - 1);
      heap.pop();
      for (let at = 0; ;) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const below = isBefore(right, left) ? right : left;
        if (below >= heap.length || !isBefore(below, at)) return;
        swap(at, below);
        at = below;
      }
    },
  };
}
