import type { Embedder } from "./embedder.ts";
import { createFeatureCounter } from "./feature-counter.ts";
import { FNV_OFFSET, FNV_PRIME, mix } from "./hash.ts";
import { isStopWord } from "./stop-words.ts";

const DIMENSIONS = 256;

/** Longest and shortest piece of a word that is a feature, in code units with the word's edges. */
const MIN_PIECE = 3;
const MAX_PIECE = 5;

/** A word of more code units than this (base64, a hash, a URL) has no pieces: they would be noise. */
const MAX_WORD_WITH_PIECES = 32;

/**
 * How much a feature of each kind weighs. Words say what a text is about; pairs tell "white house"
 * from a house that is white; pieces bring "migrate" near "migration". A word of n letters has
 * about 3n pieces, hence their small weight.
 */
const WORD_WEIGHT = 1;
const PAIR_WEIGHT = 0.2;
const PIECE_WEIGHT = 0.3;

// Kinds start from different seeds, so that a word and the same letters as a piece don't meet.
const WORD_SEED = FNV_OFFSET;
const PAIR_SEED = 0x9e3779b9;
const PIECE_SEED = 0x85ebca6b;

/** Stands for a word's edge in its first and last piece, as in fastText; no letter has this code. */
const EDGE = 1;

const counter = createFeatureCounter();

/**
 * The vector of one text: its words, pairs of neighbouring words and pieces of words (3 to 5 code
 * units, as fastText has them), each hashed to one of 256 places and a sign.
 *
 * - Feature hashing with a sign bit keeps dot products unbiased: Weinberger et al., "Feature Hashing
 *   for Large Scale Multitask Learning", ICML 2009 (arXiv:0902.2206).
 * - Pieces of words: Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017
 *   (arXiv:1607.04606).
 * - A feature that occurs n times weighs 1 + ln n: Manning et al., "Introduction to Information
 *   Retrieval", 6.4.1.
 * - Very common words are left out: in 256 places they would be most of what any two texts share,
 *   and there is no corpus at hand to weigh words by.
 *
 * A Han or kana character is a word of its own (as in Lucene's CJKBigramFilter): those scripts put
 * no spaces. Case and compatibility forms (NFKC) make no difference.
 */
export function hashedNgramVector(text: string): Float32Array {
  const folded = text.normalize("NFKC").toLowerCase();
  counter.clear();
  let previous = 0;
  let at = 0;
  while (at < folded.length) {
    const kind = kindOf(folded.charCodeAt(at));
    if (kind === SEPARATOR) {
      at++;
      continue;
    }
    const from = at++;
    if (kind === LETTER)
      while (at < folded.length && kindOf(folded.charCodeAt(at)) === LETTER) at++;
    const word = hashOf(folded, from, at);
    if (isStopWord(word)) continue;
    counter.add(mix(word ^ WORD_SEED), WORD_WEIGHT);
    if (previous !== 0) {
      counter.add(mix(Math.imul(previous, FNV_PRIME) ^ word ^ PAIR_SEED), PAIR_WEIGHT);
    }
    if (at - from >= MIN_PIECE && at - from <= MAX_WORD_WITH_PIECES) addPieces(folded, from, at);
    previous = word;
  }
  // Vector indexes refuse a zero vector under cosine (Atlas Vector Search does), so a text without
  // one uncommon word is one feature: itself.
  if (counter.size === 0) counter.add(mix(hashOf(folded, 0, folded.length)), WORD_WEIGHT);
  const vector = new Float32Array(DIMENSIONS);
  counter.addTo(vector);
  return normalised(vector);
}

/** The embedder without any service: see {@link hashedNgramVector}. */
export const hashedNgramEmbedder: Embedder = {
  name: "hashed-ngram-256",
  dimensions: DIMENSIONS,
  embed: (texts) => Promise.resolve(texts.map(hashedNgramVector)),
};

/** Adds every piece of the word at [from, to), its edges included; each hash goes on from the last. */
function addPieces(text: string, from: number, to: number): void {
  for (let first = from - 1; first + MIN_PIECE <= to + 1; first++) {
    let hash = PIECE_SEED;
    const last = Math.min(first + MAX_PIECE, to + 1);
    for (let at = first; at < last; at++) {
      const code = at < from || at >= to ? EDGE : text.charCodeAt(at);
      hash = Math.imul(hash ^ code, FNV_PRIME);
      if (at - first >= MIN_PIECE - 1) counter.add(mix(hash), PIECE_WEIGHT);
    }
  }
}

/** FNV-1a over code units. */
function hashOf(text: string, from: number, to: number): number {
  let hash = FNV_OFFSET | 0;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash;
}

function normalised(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) {
    // All features of a tiny text met and cancelled each other out: any fixed direction will do.
    vector[0] = 1;
    return vector;
  }
  const scale = 1 / Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) vector[index] = (vector[index] ?? 0) * scale;
  return vector;
}

const SEPARATOR = 0;
const LETTER = 1;
const IDEOGRAPH = 2;

/** What a code unit of folded text is; letters and digits of every script but Han and kana join. */
function kindOf(code: number): number {
  if (code < 0x80) {
    return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) ? LETTER : SEPARATOR;
  }
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba ? LETTER : SEPARATOR;
  if (code === 0xd7 || code === 0xf7) return SEPARATOR;
  if (code < 0x2000) return code === 0x1680 ? SEPARATOR : LETTER;
  if (code < 0x2c00) return SEPARATOR;
  if (code >= 0x3000 && code <= 0x3004) return SEPARATOR;
  if (code >= 0x3008 && code <= 0x3020) return SEPARATOR;
  if (code >= 0x2e80 && code <= 0xa4cf) return IDEOGRAPH;
  if (code >= 0xf900 && code <= 0xfaff) return IDEOGRAPH;
  return code >= 0xfe10 && code <= 0xfeff ? SEPARATOR : LETTER;
}
