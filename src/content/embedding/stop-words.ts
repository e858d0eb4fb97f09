import { FNV_OFFSET, FNV_PRIME } from "./hash.ts";

/** The commonest English function words; none of them says what a text is about. */
const STOP_WORDS = `
a about above after again against all also am an and any are as at be because been before being
below between both but by can could did do does doing down during each even every few for from
further get had has have having he her here hers him his how however i if in into is it its itself
just let like made make many may me might more most much must my no nor not now of off on once one
only or other our ours out over own s same shall she should so some such t than that the their
theirs them then there these they this those through thus to too under until up upon us very was we
were what when where whether which while who whom whose why will with within without would you your
yours
`;

const HASHES: ReadonlySet<number> = new Set(STOP_WORDS.trim().split(/\s+/).map(fnv));

/** Whether a word, or the word with this FNV-1a hash, is a stop word; by hash no word has to be cut out. */
export function isStopWord(word: number | string): boolean {
  return HASHES.has(typeof word === "number" ? word : fnv(word));
}

function fnv(word: string): number {
  let hash = FNV_OFFSET | 0;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), FNV_PRIME);
  return hash;
}
