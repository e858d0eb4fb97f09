import { expect, it } from "vitest";
import { createNewId } from "./ids.ts";

const AT = Date.parse("2026-11-24T01:02:03.456Z");

it("ids of one millisecond and of later ones sort in the order of their making", () => {
  let calls = 0;
  const newId = createNewId(() => new Date(AT + Math.floor(calls++ / 2000)));
  const ids = Array.from({ length: 10_000 }, () => newId("object"));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

it("an id is its prefix and a UUIDv7 of the time in lower-case hexadecimal", () => {
  const id = createNewId(() => new Date(AT))("task");
  expect(id).toMatch(/^tsk_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  expect(Number.parseInt(id.slice(4, 16), 16)).toBe(AT);
});

it("two makers at the same millisecond don't meet", () => {
  const makers = Array.from({ length: 200 }, () => createNewId(() => new Date(AT)));
  const ids = makers.flatMap((newId) => [newId("task"), newId("task"), newId("task")]);
  expect(new Set(ids).size).toBe(600);
});
