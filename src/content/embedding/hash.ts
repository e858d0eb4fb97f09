/** The constants of 32-bit FNV-1a (Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/). */
export const FNV_OFFSET = 0x811c9dc5;
export const FNV_PRIME = 0x01000193;

/**
 * The finaliser of MurmurHash3 (Austin Appleby, https://github.com/aappleby/smhasher), a bijection
 * of 32-bit integers: FNV leaves its low bits poorly mixed, and they choose place and sign.
 */
export function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
