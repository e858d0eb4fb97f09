/** Counts the features of one text at a time. */
export type FeatureCounter = {
  /** How many different features were counted since {@link FeatureCounter.clear}. */
  readonly size: number;
  readonly clear: () => void;
  /** Counts one occurrence of the feature with this 32-bit hash, which must be well mixed. */
  readonly add: (hash: number, weight: number) => void;
  /** Adds each feature's sign × weight × (1 + ln count) to the place that its hash chooses. */
  readonly addTo: (vector: Float32Array) => void;
};

const INITIAL_SLOTS = 1 << 14;

/** ln n for small counts, which are nearly all. */
const LOGARITHMS = Float64Array.from({ length: 256 }, (_, count) => Math.log(Math.max(1, count)));

/**
 * A hash table with open addressing over typed arrays, used again for every text, so that no
 * feature allocates anything. Slots aren't wiped between texts: those of an older round count as
 * empty. It doubles when half full.
 */
export function createFeatureCounter(): FeatureCounter {
  let mask = INITIAL_SLOTS - 1;
  let hashes = new Int32Array(INITIAL_SLOTS);
  let counts = new Uint32Array(INITIAL_SLOTS);
  let weights = new Float32Array(INITIAL_SLOTS);
  let rounds = new Uint32Array(INITIAL_SLOTS);
  let used = new Uint32Array(INITIAL_SLOTS);
  let size = 0;
  let round = 1;

  function slotOf(hash: number): number {
    // The low 9 bits choose place and sign; the high ones find the slot.
    let slot = (hash >>> 9) & mask;
    while (rounds[slot] === round && hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  function occupy(slot: number, hash: number, count: number, weight: number): void {
    rounds[slot] = round;
    hashes[slot] = hash;
    counts[slot] = count;
    weights[slot] = weight;
    used[size++] = slot;
  }

  function grow(): void {
    const old = { hashes, counts, weights, used, size };
    const slots = (mask + 1) * 2;
    mask = slots - 1;
    hashes = new Int32Array(slots);
    counts = new Uint32Array(slots);
    weights = new Float32Array(slots);
    rounds = new Uint32Array(slots);
    used = new Uint32Array(slots);
    size = 0;
    for (let index = 0; index < old.size; index++) {
      const from = old.used[index] ?? 0;
      const hash = old.hashes[from] ?? 0;
      occupy(slotOf(hash), hash, old.counts[from] ?? 0, old.weights[from] ?? 0);
    }
  }

  return {
    get size() {
      return size;
    },
    clear() {
      size = 0;
      round = (round + 1) >>> 0;
      if (round === 0) {
        rounds.fill(0);
        round = 1;
      }
    },
    add(hash, weight) {
      const slot = slotOf(hash);
      if (rounds[slot] === round) {
        counts[slot] = (counts[slot] ?? 0) + 1;
        return;
      }
      occupy(slot, hash, 1, weight);
      if (size * 2 > mask) grow();
    },
    addTo(vector) {
      const places = vector.length - 1;
      for (let index = 0; index < size; index++) {
        const slot = used[index] ?? 0;
        const hash = hashes[slot] ?? 0;
        const count = counts[slot] ?? 0;
        const value = (weights[slot] ?? 0) * (1 + (LOGARITHMS[count] ?? Math.log(count)));
        const place = hash & places;
        vector[place] = (vector[place] ?? 0) + ((hash & 0x100) === 0 ? value : -value);
      }
    },
  };
}
