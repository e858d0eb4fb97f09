import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkText } from "./chunk.ts";

// Small alphabets make boundaries of every kind meet; the full-width stop is one within a "word".
const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "\n", ".", "!", "。"), maxLength: 400 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.lorem({ maxCount: 20, mode: "sentences" }),
);
const anyOptions = fc.record({
  size: fc.integer({ min: 2, max: 80 }),
  overlap: fc.integer({ min: 0, max: 80 }),
});

function wordsOf(text: string): string[] {
  return text.split(/\s+|(?<=[。！？])/u).filter((word) => word !== "");
}

describe("chunkText", () => {
  test("every word of the text that fits in a chunk is whole in some chunk", () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, options) => {
        const chunks = chunkText(text, options);
        for (const word of wordsOf(text)) {
          if (word.length > options.size) continue;
          expect(chunks.some((chunk) => chunk.includes(word))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("nothing but white space is lost: without overlap the chunks joined are the text", () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, { size }) => {
        const joined = chunkText(text, { size, overlap: 0 }).join("");
        expect(joined.replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
      }),
      { numRuns: 500 },
    );
  });

  test("no chunk is empty, untrimmed or longer than the size; the same call gives the same", () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, options) => {
        const chunks = chunkText(text, options);
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(options.size);
          expect(chunk).toBe(chunk.trim());
        }
        expect(chunkText(text, options)).toEqual(chunks);
      }),
      { numRuns: 500 },
    );
  });

  test("the number of chunks is linear in the text, even when all but one character overlap", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 8, max: 80 }), (text, size) => {
        const chunks = chunkText(text, { size, overlap: size - 1 });
        expect(chunks.length).toBeLessThanOrEqual((8 * text.length) / size + 2);
      }),
      { numRuns: 500 },
    );
  });

  test("no chunk begins or ends inside a surrogate pair", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("😀", "a", "👩‍👩‍👧", " "), maxLength: 100 }),
        anyOptions,
        (text, options) => {
          // encodeURIComponent throws at a lone surrogate.
          expect(() => chunkText(text, options).map(encodeURIComponent)).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a run without a boundary is cut between graphemes", () => {
    expect(chunkText("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", { size: 18, overlap: 0 })).toEqual(["👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧"]);
  });

  test("a paragraph's end is better than a sentence's, that than a line's, that than a word's", () => {
    const options = { size: 30, overlap: 0 };
    expect(chunkText("one two three four.\n\nFive. Six seven eight", options)[0]).toBe(
      "one two three four.",
    );
    expect(chunkText("one two three four. Five\nsix seven eight nine", options)[0]).toBe(
      "one two three four.",
    );
    expect(chunkText("one two three four\nfive six seven eight nine", options)[0]).toBe(
      "one two three four",
    );
    expect(chunkText("one two three four five six seven eight nine", options)[0]).toBe(
      "one two three four five six",
    );
  });

  test("a full stop before a small letter ends no sentence", () => {
    const text = "They like fruit, e.g. apples and pears and plums";
    expect(chunkText(text, { size: 32, overlap: 0 })[0]).toBe("They like fruit, e.g. apples and");
  });

  test("an overlap begins with the last sentence that fits in it", () => {
    const text = "First one here. Second one here. Third one here. Fourth one here.";
    expect(chunkText(text, { size: 36, overlap: 18 })).toEqual([
      "First one here. Second one here.",
      "Second one here. Third one here.",
      "Third one here. Fourth one here.",
    ]);
  });

  test("Chinese is cut after its full-width stops", () => {
    expect(chunkText("今天天气很好。我们去公园。他在家。", { size: 14, overlap: 0 })).toEqual([
      "今天天气很好。我们去公园。",
      "他在家。",
    ]);
  });

  test("a blank text has no chunks; a short one is one chunk", () => {
    expect(chunkText(" \n\t\u00a0", { size: 100, overlap: 10 })).toEqual([]);
    expect(chunkText("  short \n", { size: 100, overlap: 10 })).toEqual(["short"]);
  });

  test("a size that can't hold a surrogate pair is refused", () => {
    expect(() => chunkText("a", { size: 1, overlap: 0 })).toThrow(RangeError);
    expect(() => chunkText("a", { size: Number.NaN, overlap: 0 })).toThrow(RangeError);
  });
});
