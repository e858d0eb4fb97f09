import { afterEach, describe, expect, it } from "vitest";
import { familyOf, type Program, startProgram, until, untilGone } from "../support/processes.ts";

/** The demo's own limit, and what starting and stopping add to it. */
const DEMO_TIMEOUT_MS = 130_000;

let demo: Program;

afterEach(() => demo.kill("SIGKILL"));

/** `npm run demo` without the build before it. */
function startDemo(): void {
  demo = startProgram(process.execPath, ["demo/main.ts"]);
}

async function untilSaid(text: string): Promise<void> {
  await until(
    () => (demo.stdout().includes(text) ? null : `no "${text}" in: ${demo.stdout()}`),
    DEMO_TIMEOUT_MS,
  );
}

describe("npm run demo", () => {
  it(
    "shows each of the four jobs and a kill, checks them, leaves no process and ends by itself with exit code 0",
    { timeout: DEMO_TIMEOUT_MS },
    async () => {
      startDemo();
      await untilSaid("POST …/submit");
      const family = await familyOf(demo.pid);
      expect(family.map(({ command }) => command).join("\n")).toMatch(/workerd serve/);
      const code = await demo.ended;
      const said = demo.stdout();
      expect(demo.stderr()).toBe("");
      expect(code, said).toBe(0);

      const [, passages = ""] = /what +([\d,]+) passages of \d+ /.exec(said) ?? [];
      expect(Number(passages.replace(",", ""))).toBeGreaterThanOrEqual(2000);
      expect(said).toMatch(/^ {2}licence +CC0 1\.0/m);
      expect(said).toContain(`documents written  ${passages} in`);
      expect(said).toContain("objects failed     0");
      expect(said).toMatch(/100 % {2}COMPLETED/);
      expect(said).toContain("Its nearest neighbours, by cosine similarity");
      expect(said).toMatch(/status +PENDING → PROCESSING/);
      expect(said).toMatch(/delivery +task\.completed COMPLETED at attempt 1/);
      expect(said).toMatch(/✓ Events sent (\d+), received and verified \1, none missing/);
      expect(said).toContain("✓ A copy with another text and the same signature is refused");

      expect(said).toMatch(/ {2}COMPLETED {3}([\d,]+) of \1 documents\n {2}groups +8 in /);
      expect(said).toContain(`✓ Each of the ${passages} documents names its group`);
      expect(said).toMatch(
        /✓ Told no year, it found a group of \d{4}-\d{4} and one of \d{4}-\d{4}/,
      );
      expect(said).toContain("Life at home › Health and schools, the clearest: George W Bush, 200");
      expect(said).toMatch(/✓ It labelled these 12, and left 2,776 as they were/);
      expect(said).toMatch(/0 % {2}SKIPPED\n {2}✓ With nothing new to label, a run is SKIPPED/);
      expect(said).toMatch(
        / {2}copied +buckets 1, objects 2,789, collections 1, clusters 1, documents 2,788,/,
      );
      expect(said).toContain("✓ The target is ACTIVE, and only now");
      expect(said).toContain("✓ The object added meanwhile is in the target too");
      expect(said).toContain(`✓ SHA-256 of ${passages} texts, vectors and labels: `);
      const ends = [
        "cluster.execution.completed",
        "taxonomy.materialized",
        "namespace.migration.completed",
        "task.canceled",
      ];
      for (const type of ends)
        expect(said).toContain(`events arrived verified, ${type} among them`);

      expect(said).toMatch(/ [5-9]\d % {2}CANCELED/);
      expect(said).toMatch(/✓ The collection has ([\d,]+) documents[^]*it still has \1$/m);
      expect(said).toMatch(/All checks passed in [\d.]+ s\.\n$/);
      // Without a terminal there are no colours and no line is longer than a mail's.
      expect(said).not.toContain("\u001b");
      expect(said.split("\n").filter((line) => line.length > 80)).toEqual([]);
      await untilGone(family);
    },
  );

  it(
    "ends with exit code 1 and the reason when what it shows breaks down",
    { timeout: DEMO_TIMEOUT_MS },
    async () => {
      startDemo();
      await untilSaid("PROCESSING");
      const family = await familyOf(demo.pid);
      const workerd = family.find(({ command }) => command.includes("workerd serve"));
      process.kill(workerd?.pid ?? 0, "SIGKILL");
      expect(await demo.ended).toBe(1);
      expect(demo.stderr()).toMatch(
        /The demo failed: (?:workerd ended by itself|GET \/v1\/tasks\/\S+ got no answer: )/,
      );
      await untilGone(family);
    },
  );

  it(
    "stops on Ctrl-C with the shells' exit code, leaving no process",
    { timeout: DEMO_TIMEOUT_MS },
    async () => {
      startDemo();
      await untilSaid("PROCESSING");
      const family = await familyOf(demo.pid);
      demo.kill("SIGINT");
      expect(await demo.ended).toBe(130);
      expect(demo.stderr()).toBe("\nStopped.\n");
      await untilGone(family);
    },
  );

  it.each(["the demo", "the npm that started it"])(
    "leaves no process when %s is killed by SIGKILL",
    { timeout: DEMO_TIMEOUT_MS },
    async (who) => {
      if (who === "the demo") startDemo();
      else {
        const script =
          'require("node:child_process").spawn(process.execPath, ["demo/main.ts"], { stdio: "inherit" });' +
          "setInterval(() => {}, 1000);";
        demo = startProgram(process.execPath, ["-e", script], { npm_lifecycle_event: "demo" });
      }
      await untilSaid("PROCESSING");
      const family = await familyOf(demo.pid);
      expect(family.map(({ command }) => command).join("\n")).toMatch(/workerd serve/);
      demo.kill("SIGKILL");
      await untilGone(family);
    },
  );
});
