import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Any source of the worker: which integration test it touches can't be told from imports. */
const WORKER_SOURCES = fileURLToPath(new URL("src/**/*.ts", import.meta.url));

const UNIT_TESTS = [
  "src/**/*.test.ts",
  "local/**/*.test.ts",
  "client/test/**/*.test.ts",
  "test/{demo,docs,jobs,webhooks}/**/*.test.ts",
];

/** Tests that put another module in the place of one: the files after them would get it too. */
const MOCKING_TESTS = globSync(UNIT_TESTS).filter((file) =>
  readFileSync(file, "utf8").includes("vi.mock("),
);

/** Files that count each operation, or make MongoDB fail for all of their tests. */
const NEED_MONGO_STAND_IN = ["test/integration/{costs/**,documented-*}"];

const IS_MONGO_REAL = process.env["TEST_REAL"] === "true" && Boolean(process.env["MONGODB_URI"]);

type ProjectOptions = {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  /** A process for each file; else the files share one process per core. */
  readonly isIsolated?: boolean;
  /** Whether it runs what is built: it is then built before, unless it is up to date. */
  readonly needsBuild?: boolean;
};

/** A set of test files. */
function project(name: string, options: ProjectOptions): TestProjectInlineConfiguration {
  const { include, exclude = [], isIsolated = false, needsBuild = false } = options;
  return {
    extends: true,
    ...(needsBuild && {
      plugins: [
        {
          name: "rerun-on-worker-sources",
          configureVitest: ({ vitest }) => {
            vitest.config.forceRerunTriggers.push(WORKER_SOURCES);
          },
        },
      ],
    }),
    test: {
      name,
      include: [...include],
      exclude: [...exclude],
      isolate: isIsolated,
      ...(needsBuild && { globalSetup: ["test/support/built.ts"] }),
    },
  };
}

export default defineConfig({
  // The examples name the package as its users do.
  resolve: { alias: { waybill: fileURLToPath(new URL("client/src/index.ts", import.meta.url)) } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    projects: [
      project("unit", { include: UNIT_TESTS, exclude: MOCKING_TESTS }),
      project("unit-mocking", { include: MOCKING_TESTS, isIsolated: true }),
      project("quality", { include: ["test/quality/**/*.test.ts"] }),
      project("contracts", { include: ["test/contracts/**/*.test.ts"] }),
      project("integration", {
        include: ["test/integration/**/*.test.ts"],
        exclude: IS_MONGO_REAL ? NEED_MONGO_STAND_IN : [],
        needsBuild: true,
      }),
      project("simulation", { include: ["test/simulation/**/*.test.ts"], needsBuild: true }),
      // Those below run in `.ci/run`: they need programs that a bare machine lacks, or minutes.
      project("pages", { include: ["test/pages/**/*.test.ts"], needsBuild: true }),
      project("browser", { include: ["test/browser/**/*.test.ts"], needsBuild: true }),
      project("real", { include: ["test/real/**/*.test.ts"] }),
    ],
  },
});
