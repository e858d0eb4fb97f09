import { stripVTControlCharacters, styleText } from "node:util";

/** Columns that the output uses at most. */
const MAX_WIDTH = 100;

const INDENT = "  ";

const BAR_WIDTH = 40;

/** Without a terminal a line is printed each time this much more is done. */
const LINE_EACH_PERCENT = 20;

// styleText leaves colours out where NO_COLOR is set or the output is no terminal.
export const bold = (text: string) => styleText("bold", text);
export const dim = (text: string) => styleText("dim", text);
export const green = (text: string) => styleText("green", text);

function width(): number {
  return Math.min(MAX_WIDTH, process.stdout.columns ?? MAX_WIDTH);
}

/** One line. Where it is too long for the width, it is cut and loses its style. */
export function line(text = ""): void {
  const plain = stripVTControlCharacters(text);
  const room = width() - INDENT.length;
  console.log(plain === "" ? "" : INDENT + (plain.length <= room ? text : ellipsis(plain, room)));
}

/** A title with a rule after it. */
export function heading(title: string): void {
  const rule = "─".repeat(Math.max(0, width() - title.length - 1));
  console.log(`\n${bold(title)} ${dim(rule)}`);
}

/** Names and values, one pair per line. */
export function facts(rows: Readonly<Record<string, string>>): void {
  const longest = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) {
    const room = width() - INDENT.length - longest - 2;
    console.log(`${INDENT}${dim(name.padEnd(longest))}  ${ellipsis(value, room)}`);
  }
}

/** A claim that was checked. */
export function checked(text: string): void {
  console.log(`${INDENT}${green("✓")} ${ellipsis(text, width() - INDENT.length - 2)}`);
}

/** A paragraph, broken between words, as a quotation. */
export function quote(text: string, maxLines: number): void {
  const room = width() - INDENT.length - 2;
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  const shown = lines.slice(0, maxLines);
  if (lines.length > maxLines) shown[maxLines - 1] = ellipsis(`${shown.at(-1)} …`, room);
  for (const row of shown) console.log(`${INDENT}${dim("│")} ${row}`);
}

export type ProgressBar = {
  update(status: string, completed: number, total: number | null): void;
  end(): void;
};

/** A bar that moves in its place; where there is no terminal, a line now and then. */
export function progressBar(): ProgressBar {
  const isTerminal = process.stdout.isTTY;
  let shown = "";
  let printedAt = "";
  let lastPrinted = "";
  return {
    update: (status, completed, total) => {
      shown = barText(status, completed, total);
      if (isTerminal) {
        process.stdout.write(`\r\u001b[2K${shown}`);
        return;
      }
      const percent = total === null || total === 0 ? 0 : (completed / total) * 100;
      const step = `${status} ${Math.floor(percent / LINE_EACH_PERCENT)}`;
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

function barText(status: string, completed: number, total: number | null): string {
  const share = total === null || total === 0 ? 0 : Math.min(1, completed / total);
  const full = Math.round(share * BAR_WIDTH);
  const bar = green("█".repeat(full)) + dim("░".repeat(BAR_WIDTH - full));
  const count = total === null ? "" : `${number(completed)} of ${number(total)} objects`;
  return `${INDENT}${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${status.padEnd(10)}  ${count}`;
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
