import { expect, it } from "vitest";
import { showRows } from "./show-rows.ts";

const at = new Date("2026-01-31T12:00:00.000Z");
const row = (id: string, more: object) => ({ _id: id, created_at: at, ...more });

const deep = (): unknown => JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
const circular: Record<string, unknown> = {};
circular["self"] = circular;

it("a row that can't be shown is shown as far as it can be and logged, and the others are shown", () => {
  const lines: unknown[] = [];
  const rows = [
    row("a", { json: '{"good":1}' }),
    row("text", { json: "{", name: "n", status: "ACTIVE", updated_at: new Date(Number.NaN) }),
    row("deep", { value: deep() }),
    row("circle", { value: circular }),
    row("big", { value: 1n }),
    row("b", { value: 2 }),
    {},
  ];
  const shown = showRows(
    { log: (...line) => lines.push(line) },
    rows,
    (one: { _id?: string; json?: string; value?: unknown }) => {
      if (one._id === undefined) throw new Error("no id");
      return { id: one._id, value: one.json === undefined ? one.value : JSON.parse(one.json) };
    },
  );
  expect(shown.results).toEqual([
    { id: "a", value: { good: 1 } },
    { id: "b", value: 2 },
  ]);
  const unknown = { name: null, status: null, updated_at: null, note: expect.any(String) };
  const created_at = "2026-01-31T12:00:00.000Z";
  expect(shown.unshown).toEqual([
    { ...unknown, id: "text", name: "n", status: "ACTIVE", created_at },
    { ...unknown, id: "deep", created_at },
    { ...unknown, id: "circle", created_at },
    { ...unknown, id: "big", created_at },
    { ...unknown, id: null, created_at: null },
  ]);
  expect(lines).toHaveLength(5);
});

it("a page whose rows can all be shown says nothing more", () => {
  expect(showRows({ log: () => expect.unreachable() }, [row("a", {})], ({ _id }) => _id)).toEqual({
    results: ["a"],
  });
});
