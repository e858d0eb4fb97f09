import * as fc from "fast-check";
import { expect, it } from "vitest";
import { SortedList } from "./sorted-list.ts";

it("finds the same place from wherever it begins to look", () => {
  const numbers = fc.array(fc.nat(2000), { maxLength: 1500 });
  fc.assert(
    fc.property(numbers, fc.nat(2001), fc.nat(2001), (entries, hint, wanted) => {
      const list = new SortedList<number>((a, b) => a - b);
      for (const entry of entries) list.insert(entry);
      const isBefore = (entry: number) => entry < wanted;
      const near = list.partitionPoint((entry) => entry < hint);
      for (const from of [near, list.start(), list.end()]) {
        expect(list.partitionPointNear(from, isBefore)).toEqual(list.partitionPoint(isBefore));
      }
    }),
  );
});
