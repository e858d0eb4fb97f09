import { readFile } from "node:fs/promises";

/** The text of a page of the project, by its path from the root. */
export function readPage(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}

/** The part of a page under a heading, up to the next heading of its depth or above. */
export function section(page: string, heading: string): string {
  const lines = page.split("\n");
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const depth = /^#+/.exec(heading)?.[0].length ?? 1;
  const length = lines
    .slice(start + 1)
    .findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= depth);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The rows of a page's tables whose first cell is in code style: that name, and the other cells. */
export function tableRows(page: string): ReadonlyMap<string, readonly string[]> {
  const rows = page.split("\n").flatMap((line) => {
    const [, first = "", ...cells] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const name = /^`([^`]+)`$/.exec(first)?.[1];
    return line.startsWith("|") && name !== undefined ? [[name, cells] as const] : [];
  });
  return new Map(rows);
}
