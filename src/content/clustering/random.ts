import { FNV_OFFSET, FNV_PRIME, mix } from "../embedding/hash.ts";

const UINT32_RANGE = 2 ** 32;

/**
 * Numbers in [0, 1) that a 32-bit seed decides: mulberry32, by Tommy Ettinger, in the public domain
 * (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c). Its whole state is one
 * integer, so that every step of a job can start a generator of its own.
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / UINT32_RANGE;
  };
}

/** A seed of its own for the n-th part of a piece of work. */
export function seedOf(seed: number, part: number): number {
  return mix(Math.imul(seed ^ FNV_OFFSET, FNV_PRIME) ^ mix(part));
}

/** A number in [0, 1) that the seed and a text decide: spreads texts evenly, whatever they share. */
export function hashToUnit(seed: number, text: string): number {
  let hash = mix(seed ^ FNV_OFFSET);
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return (mix(hash) >>> 0) / UINT32_RANGE;
}
