import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checked, facts, line, progressBar, quote, wrap } from "../../demo/terminal.ts";

const TEXT = "The receipts into the Treasury during the first three quarters of this year. ".repeat(
  4,
);

let printed: string[];

beforeEach(() => {
  printed = [];
  const print = (text: unknown) => {
    printed.push(stripVTControlCharacters(String(text)));
    return true;
  };
  vi.spyOn(console, "log").mockImplementation(print);
  vi.spyOn(process.stdout, "write").mockImplementation(print);
});
afterEach(() => {
  vi.restoreAllMocks();
  setTerminal(undefined);
});

/** Makes the output a terminal of so many columns, or none. */
function setTerminal(columns: number | undefined): void {
  const isTTY = columns !== undefined;
  for (const [name, value] of Object.entries({ columns, isTTY })) {
    Object.defineProperty(process.stdout, name, { value, configurable: true, writable: true });
  }
}

describe("what the demo prints", () => {
  it("is broken between words, and two spaces in a row stay two", () => {
    expect(wrap("one two  three four", 10)).toEqual(["one two", "three four"]);
    expect(wrap("one  two", 10)).toEqual(["one  two"]);
    expect(wrap("", 10)).toEqual([""]);
    expect(wrap("unbreakable", 4)).toEqual(["unbreakable"]);
  });

  it.each([40, 56, 80, 100, 200, undefined])("fits the terminal: %j columns", (columns) => {
    setTerminal(columns);
    line(TEXT);
    checked(TEXT);
    quote(TEXT, 3);
    facts({ licence: TEXT });
    const widest = Math.max(...printed.map((row) => row.length));
    expect(widest).toBeLessThanOrEqual(Math.min(columns ?? 80, 100));
    expect(
      printed.join(" ").split("quarters").length,
      "facts and checks aren't cut",
    ).toBeGreaterThan(8);
  });
});

describe("the progress bar", () => {
  it.each([20, 40, 56, 80, 200])("never breaks its line in a terminal of %d columns", (columns) => {
    setTerminal(columns);
    const bar = progressBar();
    for (const done of [0, 1600, 4568]) bar.update("PROCESSING", done, 4568);
    const rows = printed.map((text) => text.replace("\r", ""));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.length).toBeLessThan(columns);
  });

  it("is empty where the total isn't known", () => {
    setTerminal(undefined);
    progressBar().update("PENDING", 0, null);
    expect(printed).toEqual([`  ${"░".repeat(32)}   0 %  PENDING`]);
  });

  it("is a line at each status and each fifth, and the last state, without a terminal", () => {
    setTerminal(undefined);
    const bar = progressBar();
    for (const done of [0, 5, 10, 25, 30, 39]) bar.update("PROCESSING", done, 100);
    bar.end();
    expect(printed.map((row) => /(\d+) %/.exec(row)?.[1])).toEqual(["0", "25", "39"]);
  });
});
