/**
 * `npm run simulate -- --seeds N`: the trials of `test/simulation/support/trials.ts` with so many
 * seeds each, on all cores. `--from SEED` begins elsewhere, `--only NAME` is one of them. A seed that
 * fails prints the command that replays it.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { createVitest, type Reporter } from "vitest/node";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: String(Date.now()) },
    only: { type: "string" },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(from)) {
  throw new RangeError("--seeds and --from take whole numbers");
}

const workers = Math.min(availableParallelism(), seeds);
const bar = new SingleBar({
  format: "{bar} {value}/{total} trials, {failed} failed, {eta_formatted} left",
  // A log gets a line from time to time instead of a bar.
  noTTYOutput: true,
  notTTYSchedule: 10_000,
});
let failed = 0;
let total = 0;

const reporter: Reporter = {
  onTestModuleCollected: (module) => {
    total += [...module.children.allTests()].filter(({ options }) => options.mode === "run").length;
    bar.setTotal(total);
  },
  onTestCaseResult: (test) => {
    const { state, errors = [] } = test.result();
    if (state === "skipped") return;
    if (state === "failed") {
      failed += 1;
      const stacks = errors.flatMap(({ stack, cause }) => [stack, cause?.stack]);
      console.error(["", test.fullName, ...stacks.filter(Boolean)].join("\n"));
    }
    bar.increment(1, { failed });
  },
};

console.log(`from seed ${from}`);
bar.start(0, 0, { failed });
const vitest = await createVitest("test", {
  config: false,
  watch: false,
  reporters: [reporter],
  maxWorkers: workers,
  projects: Array.from({ length: workers }, (_, worker) => {
    const first = Math.floor((seeds * worker) / workers);
    const count = Math.floor((seeds * (worker + 1)) / workers) - first;
    return {
      test: {
        name: `worker ${worker + 1}`,
        include: ["test/simulation/seeds.test.ts"],
        testTimeout: 120_000,
        env: {
          SIMULATE_FROM: String(from + first),
          SIMULATE_SEEDS: String(count),
          ...(values.only !== undefined && { SIMULATE_ONLY: values.only }),
        },
      },
    };
  }),
});
await vitest.start();
await vitest.close();
bar.stop();
console.log(`${total - failed} of ${total} trials passed`);
process.exitCode = failed > 0 || total === 0 ? 1 : 0;
