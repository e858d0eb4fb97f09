import { stripVTControlCharacters, styleText } from "node:util";
import type { Progress } from "../src/contract/task.ts";

/** Columns that the output uses at most. */
const MAX_WIDTH = 100;

/** Columns where there is no terminal to ask: a log, a file. */
const PIPED_WIDTH = 80;

const INDENT = "  ";

const MAX_BAR_WIDTH = 32;

/** The longest status, so that what follows it stays in its place. */
const STATUS_WIDTH = "PROCESSING".length;

/** What stands after the status: `4,568 of 4,568 documents`, or the beginning of a message. */
const MAX_COUNT_WIDTH = 24;

/** Without a terminal a line is printed each time this much more is done. */
const LINE_EACH_PERCENT = 20;

// styleText leaves colours out where NO_COLOR is set or the output is no terminal.
export const bold = (text: string) => styleText("bold", text);
export const dim = (text: string) => styleText("dim", text);
export const green = (text: string) => styleText("green", text);

function width(): number {
  return Math.min(MAX_WIDTH, process.stdout.columns ?? PIPED_WIDTH);
}

/** One line. Where it is too long for the width, it is cut and loses its style. */
export function line(text = ""): void {
  const plain = stripVTControlCharacters(text);
  const room = width() - INDENT.length;
  console.log(plain === "" ? "" : INDENT + (plain.length <= room ? text : ellipsis(plain, room)));
}

/** One line that ends in as many of these words as there is room for. */
export function lineWith(beginning: string, words: readonly string[]): void {
  const begun = stripVTControlCharacters(beginning).length;
  const [fitting = ""] = wrap(words.join(", "), width() - INDENT.length - begun);
  line(beginning + fitting.replace(/,$/, ""));
}

/** A title with a rule after it. */
export function heading(title: string): void {
  const rule = "─".repeat(Math.max(0, width() - title.length - 1));
  console.log(`\n${bold(title)} ${dim(rule)}`);
}

/** Names and values; a value that is too long for its line goes on in the next. */
export function facts(rows: Readonly<Record<string, string>>): void {
  const longest = Math.max(...Object.keys(rows).map((name) => name.length));
  const room = width() - INDENT.length - longest - 2;
  for (const [name, value] of Object.entries(rows)) {
    for (const [index, row] of wrap(value, room).entries()) {
      console.log(`${INDENT}${dim((index === 0 ? name : "").padEnd(longest))}  ${row}`);
    }
  }
}

/** A claim that was checked. */
export function checked(text: string): void {
  for (const [index, row] of wrap(text, width() - INDENT.length - 2).entries()) {
    console.log(`${INDENT}${index === 0 ? green("✓") : " "} ${row}`);
  }
}

/** A paragraph, broken between words, as a quotation. */
export function quote(text: string, maxLines: number): void {
  const room = width() - INDENT.length - 2;
  const lines = wrap(text, room);
  const shown = lines.slice(0, maxLines);
  if (lines.length > maxLines) shown[maxLines - 1] = ellipsis(`${shown.at(-1)} …`, room);
  for (const row of shown) console.log(`${INDENT}${dim("│")} ${row}`);
}

/** The text in lines of so many columns, broken between words; two spaces in a row stay two. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let last = "";
  for (const [word] of text.matchAll(/\s*\S+/g)) {
    if (last !== "" && last.length + word.length > columns) {
      lines.push(last);
      last = word.trimStart();
    } else last += last === "" ? word.trimStart() : word;
  }
  return [...lines, last];
}

export type ProgressBar = {
  update(status: string, progress: Progress | null): void;
  end(): void;
};

/** A bar that moves in its place; where there is no terminal, a line now and then. */
export function progressBar(): ProgressBar {
  const isTerminal = process.stdout.isTTY;
  let shown = "";
  let printedAt = "";
  let lastPrinted = "";
  return {
    update: (status, progress) => {
      shown = barText(status, progress);
      if (isTerminal) {
        process.stdout.write(`\r\u001b[2K${shown}`);
        return;
      }
      // What it is at: "looking" in "looking for changes".
      const [phase = ""] = /^\w*/.exec(progress?.message ?? "") ?? [];
      const step = `${status} ${phase} ${Math.floor((shareOf(progress) * 100) / LINE_EACH_PERCENT)}`;
      if (step === printedAt) return;
      printedAt = step;
      lastPrinted = shown;
      console.log(shown);
    },
    end: () => {
      if (isTerminal) process.stdout.write("\n");
      else if (shown !== lastPrinted) console.log(shown);
    },
  };
}

function barText(status: string, progress: Progress | null): string {
  const share = shareOf(progress);
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const rest = ` ${percent}  ${status.padEnd(STATUS_WIDTH)}  ${countOf(progress)}`;
  // A line that filled the last column would break, and the next one would be drawn below it.
  const room = width() - INDENT.length - 1;
  const columns = Math.max(0, Math.min(MAX_BAR_WIDTH, room - rest.length));
  const full = Math.round(share * columns);
  const bar = green("█".repeat(full)) + dim("░".repeat(columns - full));
  return `${INDENT}${bar}${rest.slice(0, room).trimEnd()}`;
}

/** How far it is; where that isn't known by a number, what goes on. */
function countOf(progress: Progress | null): string {
  if (progress === null) return "";
  const { completed, total, unit, message } = progress;
  if (message !== null && (completed === 0 || completed === total)) {
    return ellipsis(message, MAX_COUNT_WIDTH);
  }
  return total === null ? "" : `${number(completed)} of ${number(total)} ${unit}`;
}

function shareOf(progress: Progress | null): number {
  const { completed, total } = progress ?? { completed: 0, total: null };
  return total === null || total === 0 ? 0 : Math.min(1, completed / total);
}

/** A whole number with a comma at each thousand. */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** The text, or its beginning with an ellipsis. */
export function ellipsis(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`;
}
