import { describe, expect, test } from "vitest";
import { EVENT_CATALOGUE, matchesEventType } from "../../contract/event.ts";
import { eventTerms, responseCodes } from "./delivery-terms.ts";

describe("the terms by which deliveries are found", () => {
  test("are an event's type and each pattern that it matches but *", () => {
    expect(eventTerms("collection.documents.written")).toEqual([
      "collection.documents.written",
      "collection.documents.*",
      "collection.*",
    ]);
    expect(eventTerms("plain")).toEqual(["plain"]);
    const all = new Set(EVENT_CATALOGUE.flatMap(({ type }) => eventTerms(type)));
    for (const { type } of EVENT_CATALOGUE) {
      const matched = [...all].filter((pattern) => matchesEventType(pattern, type));
      expect(eventTerms(type).toSorted()).toEqual(matched.toSorted());
    }
  });

  test("are an answer's status and its class, or that there was none", () => {
    expect(responseCodes(503)).toEqual(["503", "5xx"]);
    expect(responseCodes(null)).toEqual(["none"]);
  });
});
