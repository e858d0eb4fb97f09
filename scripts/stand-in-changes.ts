import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";

/** What the conformance tests hold together: the stand-ins, and what Waybill says to a vendor. */
const FOLDERS = ["local", "src/stores", "test/contracts"];

/** The vendors' clients: another version of one may ask for what a stand-in doesn't have. */
const CLIENTS = ["mongodb", "bson", "@upstash/redis", "@upstash/qstash"];

/** The first of these that there is stands for the main branch. */
const MAIN_BRANCHES = ["origin/HEAD", "origin/main", "origin/master", "main", "master"];

const Lock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional() })),
});

/** Whether the stand-ins' conformance is to be tested, and the reason in one clause. */
export type Verdict = { readonly mustRun: boolean; readonly reason: string };

/**
 * Looks what has changed since this branch left the main one, uncommitted changes among it. When
 * that can't be told, the tests must run; under `CI=true` they always do.
 */
export function standInChanges(): Verdict {
  const { CI } = process.env;
  if (CI !== undefined && CI !== "" && CI !== "false")
    return { mustRun: true, reason: "CI is set" };
  const base = mergeBase();
  if (base === null) return { mustRun: true, reason: "git does not say what has changed" };
  const changed = [
    ...git("diff", "--name-only", base, "--", ...FOLDERS),
    ...git("ls-files", "--others", "--exclude-standard", "--", ...FOLDERS),
  ];
  if (changed.length > 0) return { mustRun: true, reason: `${changed[0]} has changed` };
  const before = versions(git("show", `${base}:package-lock.json`).join("\n"));
  const now = versions(readFileSync("package-lock.json", "utf8"));
  const client = CLIENTS.find((name) => before[name] !== now[name]);
  if (client !== undefined) return { mustRun: true, reason: `${client} has another version` };
  return {
    mustRun: false,
    reason: `neither ${FOLDERS.join(", ")} nor a vendor's client has changed since ${base.slice(0, 7)}`,
  };
}

/** The commit that this branch and the main one share; null when it can't be told. */
function mergeBase(): string | null {
  for (const branch of MAIN_BRANCHES) {
    try {
      return git("merge-base", "HEAD", branch)[0] ?? null;
    } catch {
      // There is no such branch here.
    }
  }
  return null;
}

function git(...args: readonly string[]): string[] {
  const stdio = ["ignore", "pipe", "ignore"] as const;
  const output = execFileSync("git", args, {
    encoding: "utf8",
    stdio: [...stdio],
    maxBuffer: 2 ** 26,
  });
  return output.split("\n").filter((line) => line !== "");
}

function versions(lock: string): Readonly<Record<string, string | undefined>> {
  const { packages } = Lock.parse(JSON.parse(lock));
  return Object.fromEntries(
    CLIENTS.map((name) => [name, packages[`node_modules/${name}`]?.version]),
  );
}
