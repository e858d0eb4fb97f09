import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/**
 * Runs the whole suite once and closes with one line that any runner of builds can read:
 * `N passed, N failed`. The figures are vitest's own, from its JSON report.
 */
const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  success: z.boolean(),
  testResults: z.array(z.object({ status: z.string(), name: z.string() })),
});

const folder = await mkdtemp(join(tmpdir(), "waybill-test-"));
const file = join(folder, "report.json");
const vitest = spawn(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...process.argv.slice(2),
  ],
  { stdio: "inherit" },
);
const code = await new Promise<number>((resolve) => {
  vitest.once("exit", (exitCode) => resolve(exitCode ?? 1));
});
const report = Report.parse(JSON.parse(await readFile(file, "utf8")));
await rm(folder, { recursive: true, force: true });

// A file that could not be loaded has no failed test, but nothing of it was tested.
const brokenFiles = report.testResults.filter((result) => result.status === "failed").length;
const failed = Math.max(report.numFailedTests, code === 0 ? 0 : Math.max(1, brokenFiles));
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = failed > 0 || report.numPassedTests === 0 ? 1 : 0;
