import { domainToASCII } from "node:url";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodePunycode } from "./punycode.ts";

// RFC 3492, section 7.1: (A), (C), (I), (L) and (S).
test.each([
  ["egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"],
  ["ihqwctvzc91f659drss3x8bo0yb", "他們爲什麽不說中文"],
  ["b1abfaaepdrnnbgefbadotcwatmq2g4l", "почемужеонинеговорятпорусски"],
  ["3b-ww4c5e180e575a65lsy2b", "3年b組金八先生"],
  ["-> $1.00 <--", "-> $1.00 <-"],
])("%s stands for %s", (encoded, text) => {
  expect(decodePunycode(encoded)).toBe(text);
});

test("whatever is encoded by the URL parser is decoded to the same", () => {
  const letters = fc.string({
    unit: fc.constantFrom(...Array.from("abcäöüßéñøłжшяλωअक中文字日本語한국")),
    minLength: 1,
    maxLength: 15,
  });
  fc.assert(
    fc.property(letters, (label) => {
      const encoded = domainToASCII(label);
      if (encoded.startsWith("xn--")) expect(decodePunycode(encoded.slice(4))).toBe(label);
    }),
    { numRuns: 2_000 },
  );
});

test.each(["ü", "A", "99999999", "a!"])("%s stands for nothing", (text) => {
  expect(decodePunycode(text)).toBeNull();
});

test("whatever it is given, it answers", () => {
  const labels = fc.string({ unit: fc.constantFrom(...Array.from("abcxyz019-")), maxLength: 63 });
  fc.assert(fc.property(labels, (label) => void decodePunycode(label)));
});
