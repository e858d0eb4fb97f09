import { isStopWord } from "../embedding/stop-words.ts";

/** Shorter words say little in any language that puts spaces; longer ones are hashes and URLs. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 32;

/** In how many of some texts each term occurs. */
export type TermCounts = { readonly texts: number; readonly counts: ReadonlyMap<string, number> };

/** How much a count has to be above chance: a term of one text alone isn't a cluster's. */
const MIN_TEXTS = 2;

/**
 * The different terms of a text: its words in lower case and NFKC without stop words, numbers and
 * words of fewer than 3 or more than 32 code units.
 */
export function termsOf(text: string): ReadonlySet<string> {
  const terms = new Set<string>();
  for (const [word] of text
    .normalize("NFKC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    if (word.length < MIN_LENGTH || word.length > MAX_LENGTH) continue;
    if (!isStopWord(word) && !/^\p{N}+$/u.test(word)) terms.add(word);
  }
  return terms;
}

/** Counts in how many of the texts each term occurs. */
export function countTerms(texts: readonly string[]): TermCounts {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const term of termsOf(text)) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  return { texts: texts.length, counts };
}

/** The same with the terms of more than one text only, at most `limit` of them, the commonest first. */
export function commonTerms({ texts, counts }: TermCounts, limit: number): TermCounts {
  const common = [...counts].filter(([, count]) => count >= MIN_TEXTS).toSorted(byValue);
  return { texts, counts: new Map(common.slice(0, limit)) };
}

/**
 * The terms that tell a cluster's texts from the whole: by tf-idf, where tf is the number of the
 * cluster's texts with the term, and idf = ln((texts + 1) / (texts with the term + 1)) in the whole.
 */
export function topTerms(cluster: TermCounts, whole: TermCounts, limit: number): string[] {
  const least = cluster.texts > MIN_TEXTS ? MIN_TEXTS : 1;
  return [...cluster.counts]
    .filter(([, count]) => count >= least)
    .map(([term, count]): [string, number] => [
      term,
      count * Math.log((whole.texts + 1) / ((whole.counts.get(term) ?? 0) + 1)),
    ])
    .filter(([, score]) => score > 0)
    .toSorted(byValue)
    .slice(0, limit)
    .map(([term]) => term);
}

/** The greatest first; equal ones in the order of their letters, which needs no locale. */
function byValue([a, x]: readonly [string, number], [b, y]: readonly [string, number]): number {
  if (x !== y) return y - x;
  return a < b ? -1 : 1;
}
