import { readFile } from "node:fs/promises";

/** A scenario's line in README.md. */
export type Row = {
  /** Of the sweep of the built worker in workerd, which came before this one. */
  readonly writesBefore: number;
  readonly casesBefore: number;
  readonly writes: number;
  readonly cases: number;
};

const ROW = /^\| (.+?) +\| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \|$/gm;

/** The scenarios and their numbers as README.md has them. */
export async function readTable(): Promise<ReadonlyMap<string, Row>> {
  const text = await readFile(new URL("../README.md", import.meta.url), "utf8");
  return new Map(
    [...text.matchAll(ROW)].map(([, name = "", ...numbers]) => {
      const [writesBefore = 0, writes = 0, casesBefore = 0, cases = 0] = numbers.map(Number);
      return [name, { writesBefore, writes, casesBefore, cases }];
    }),
  );
}
