/**
 * `npm test`, and with `--project NAME` what else there is. Closes with the ten slowest files and
 * one line that any runner of builds can read: `N passed, N failed`. The figures are vitest's own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { z } from "zod";
import { standInChanges } from "./stand-in-changes.ts";

const SUITE = ["unit*", "quality", "contracts", "integration", "simulation"];

const SLOWEST = 10;

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(
    z.object({ status: z.string(), name: z.string(), startTime: z.number(), endTime: z.number() }),
  ),
});
type Report = z.infer<typeof Report>;

const { REDIS_URL, MONGODB_URI, TEST_REAL, TEST_TOTALS } = process.env;
if (TEST_REAL === "true") {
  console.log(
    `On ${REDIS_URL ? "the Redis of REDIS_URL" : "the stand-in for Redis (REDIS_URL is not set)"} and`,
    MONGODB_URI
      ? "the MongoDB of MONGODB_URI. Skipped: what counts operations or makes MongoDB fail."
      : "the stand-in for MongoDB (MONGODB_URI is not set).",
  );
}
const args = process.argv.slice(2);
const total = await runTests([...projectsFor(args), ...args]);
// Who runs several parts adds them up, and says the line once.
if (TEST_TOTALS !== undefined) await appendFile(TEST_TOTALS, `${total.passed} ${total.failed}\n`);
else console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** The whole suite, unless the caller chooses. */
function projectsFor(given: readonly string[]): readonly string[] {
  if (given.some((arg) => arg.startsWith("--project"))) return [];
  const isFiltered = given.some((arg) => !arg.startsWith("-"));
  const { mustRun, reason } = isFiltered ? { mustRun: true, reason: "" } : standInChanges();
  if (!mustRun) {
    console.log(`Skipped: the stand-ins' conformance (npm run test:contracts), since ${reason}.`);
  }
  return SUITE.filter((name) => name !== "contracts" || mustRun).map((name) => `--project=${name}`);
}

async function runTests(given: readonly string[]): Promise<{ passed: number; failed: number }> {
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
      ...given,
    ],
    { stdio: "inherit" },
  );
  const [code] = await once(vitest, "exit");
  const text = await readFile(file, "utf8").catch(() => null);
  await rm(folder, { recursive: true, force: true });
  // It ended before it could run a test, and has said why.
  if (text === null) return { passed: 0, failed: 1 };
  const report = Report.parse(JSON.parse(text));
  showSlowest(report);
  if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
  // A file that could not be loaded has no failed test, but nothing of it was tested.
  const brokenFiles = report.testResults.filter(({ status }) => status === "failed").length;
  const failed = Math.max(report.numFailedTests, code === 0 ? 0 : Math.max(1, brokenFiles));
  return { passed: report.numPassedTests, failed };
}

function showSlowest({ testResults }: Report): void {
  const files = testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, SLOWEST);
  console.log("The slowest files:");
  for (const { name, seconds } of files) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${relative(process.cwd(), name)}`);
  }
}
