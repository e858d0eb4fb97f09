import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checked, facts, line, lineWith, progressBar, quote, wrap } from "../../demo/terminal.ts";

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

function progress(completed: number, total: number | null, message: string | null = null) {
  return { completed, total, unit: "objects", message };
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

describe("a row of words", () => {
  it.each([40, 80, 100, undefined])("has as many as fit in %j columns, none cut", (columns) => {
    setTerminal(columns);
    const words = Array.from({ length: 40 }, (_, index) => `receipts${index}`);
    lineWith("  501  ", words);
    const [printedRow = ""] = printed;
    expect(printedRow.length).toBeLessThanOrEqual(columns ?? 80);
    expect(printedRow).toMatch(/^ {4}501 {2}receipts0(, receipts\d+)*$/);
  });
});

describe("the progress bar", () => {
  it.each([20, 40, 56, 80, 200])("never breaks its line in a terminal of %d columns", (columns) => {
    setTerminal(columns);
    const bar = progressBar();
    for (const done of [0, 1600, 4568]) bar.update("PROCESSING", progress(done, 4568));
    bar.update("PROCESSING", progress(0, 4568, "looking for changes of documents"));
    const rows = printed.map((text) => text.replace("\r", ""));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.length).toBeLessThan(columns);
  });

  it("is empty where the total isn't known", () => {
    setTerminal(undefined);
    for (const unknown of [null, progress(0, null)]) progressBar().update("PENDING", unknown);
    const empty = `  ${"░".repeat(32)}   0 %  PENDING`;
    expect(printed).toEqual([empty, empty]);
  });

  it("is a line at each status and each fifth, and the last state, without a terminal", () => {
    setTerminal(undefined);
    const bar = progressBar();
    for (const done of [0, 5, 10, 25, 30, 39]) bar.update("PROCESSING", progress(done, 100));
    bar.end();
    expect(printed.map((row) => /(\d+) %/.exec(row)?.[1])).toEqual(["0", "25", "39"]);
  });

  it("says what goes on while no number moves, and a line each time that it is something else", () => {
    setTerminal(undefined);
    const bar = progressBar();
    for (const message of ["scan, part 1", "scan, part 2", "assign"]) {
      bar.update("PROCESSING", progress(0, 10, message));
    }
    bar.update("PROCESSING", progress(5, 10, "assign"));
    bar.update("PROCESSING", progress(10, 10, "looking for changes of documents"));
    bar.end();
    expect(printed.map((row) => row.split(" %  PROCESSING  ")[1])).toEqual([
      "scan, part 1",
      "assign",
      "5 of 10 objects",
      "looking for changes of…",
    ]);
  });
});
