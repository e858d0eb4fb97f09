import { access, readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readPage } from "../support/page.ts";

const ROOT = new URL("../../", import.meta.url);

const FOLDERS = ["src", "local", "test", "docs", "demo", "examples", "scripts", "bench"];

/** Every page of the project, by its path from the root. */
async function pages(): Promise<string[]> {
  const inFolders = await Promise.all(
    FOLDERS.map(async (folder) => {
      const files = await readdir(new URL(`${folder}/`, ROOT), { recursive: true });
      return files.map((file) => `${folder}/${file}`);
    }),
  );
  const inRoot = await readdir(ROOT);
  return [...inRoot, ...inFolders.flat()].filter(
    (file) => file.endsWith(".md") && !file.includes("node_modules"),
  );
}

async function exists(url: URL): Promise<boolean> {
  return access(url).then(
    () => true,
    () => false,
  );
}

describe("every page", async () => {
  it.each(await pages())("%s names only files that are there", async (file) => {
    const page = await readPage(file);
    const linked = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      // A leading slash means the project's root, as GitHub has it.
      ([, path = ""]) => new URL(path.replace(/^\//, ROOT.href), new URL(file, ROOT)),
    );
    const named = [
      ...page.matchAll(/`((?:src|local|test|docs|demo|examples|scripts)\/[\w./-]+)`/g),
    ];
    const targets = [...linked, ...named.map(([, path = ""]) => new URL(path, ROOT))];
    const found = await Promise.all(targets.map(exists));
    const missing = targets.filter((_, index) => !found[index]).map(String);
    expect(missing).toEqual([]);
  });
});
