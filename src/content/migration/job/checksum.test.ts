import { expect, it } from "vitest";
import type { CopiedRow } from "../migration-store.ts";
import { addRows, EMPTY_SUM, isSameSum } from "./checksum.ts";

const ROW: CopiedRow = {
  _id: "a",
  text: "x",
  metadata: { one: 1, two: "2", nested: [null, true, { a: 1 }] },
  embedding: new Float32Array([1, 2, 3]),
  at: new Date(1000),
};

const sumOf = (...rows: readonly CopiedRow[]) => addRows(EMPTY_SUM, rows);

it("the order of rows, of fields and of steps does not matter", async () => {
  const other = { ...ROW, _id: "b" };
  const whole = await sumOf(ROW, other);
  expect(whole).toMatchObject({ count: 2, sum: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await sumOf(other, ROW)).toEqual(whole);
  expect(await addRows(await sumOf(other), [ROW])).toEqual(whole);
  const turned = Object.fromEntries(Object.entries(ROW).toReversed());
  expect(await sumOf({ ...turned, _id: "a" }, other)).toEqual(whole);
});

it.each([
  ["an id", { _id: "b" }],
  ["a text", { text: "y" }],
  ["a field more", { more: null }],
  ["a number and its text", { metadata: { one: "1", two: "2", nested: [null, true, { a: 1 }] } }],
  ["a nested value", { metadata: { one: 1, two: "2", nested: [null, true, { a: 2 }] } }],
  ["a time", { at: new Date(1001) }],
  ["a time and its number", { at: 1000 }],
  ["the last bit of a vector", { embedding: new Float32Array([1, 2, 3.0000002]) }],
  ["the sign of a zero in a vector", { embedding: new Float32Array([1, 2, 0]) }],
  ["the length of a vector", { embedding: new Float32Array([1, 2]) }],
])("%s makes a difference", async (_, change) => {
  const changed = await sumOf({ ...ROW, ...change });
  expect(isSameSum(changed, await sumOf(ROW))).toBe(false);
});

it("a row that is there twice does not cancel itself out", async () => {
  expect(isSameSum(await sumOf(ROW, ROW), EMPTY_SUM)).toBe(false);
  expect((await sumOf(ROW, ROW)).sum).not.toBe(EMPTY_SUM.sum);
});
