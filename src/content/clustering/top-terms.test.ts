import { describe, expect, it } from "vitest";
import { commonTerms, countTerms, termsOf, topTerms } from "./top-terms.ts";

describe("terms", () => {
  it("are words in lower case and NFKC, without stop words, numbers, and the very short and long", () => {
    const text = `The Ｓhip's crew, above all 1984 and x25, sailed to Ελλάδα. ok ${"z".repeat(33)}`;
    expect([...termsOf(text)]).toEqual(["ship", "crew", "x25", "sailed", "ελλάδα"]);
  });

  it("count once for each text", () => {
    const { texts, counts } = countTerms(["rope rope rope", "rope sail"]);
    expect(texts).toBe(2);
    expect([...counts]).toEqual([
      ["rope", 2],
      ["sail", 1],
    ]);
  });
});

describe("a cluster's top terms", () => {
  const ships = ["crew ship sails", "ship harbour sails", "ship crew today"];
  const bread = ["dough oven today", "oven flour today", "oven yeast today"];
  const others = Array.from({ length: 6 }, (_, at) => `filler${at} today`);
  const whole = countTerms([...ships, ...bread, ...others]);

  it("are those that its texts have and the whole has not, the best first", () => {
    expect(topTerms(countTerms(ships), whole, 3)).toEqual(["ship", "crew", "sails"]);
    expect(topTerms(countTerms(bread), whole, 1)).toEqual(["oven"]);
  });

  it("leave out what only one of several texts has, unless there is but one or two", () => {
    expect(topTerms(countTerms(ships), whole, 9)).not.toContain("harbour");
    expect(topTerms(countTerms(["harbour"]), whole, 9)).toEqual(["harbour"]);
  });

  it("weigh the same against the common terms of the whole, the commonest of which are kept", () => {
    const common = commonTerms(whole, 3);
    expect([...common.counts.keys()]).toEqual(["today", "oven", "ship"]);
    expect(topTerms(countTerms(ships), commonTerms(whole, 100), 1)).toEqual(["ship"]);
  });
});
