import type { TestProject } from "vitest/node";
import { buildClient, buildWorker } from "../../scripts/build.ts";

/** Before a run of tests, and before each one in watch mode: they never meet an old build. */
export default async function setup(project: TestProject): Promise<void> {
  await build();
  project.onTestsRerun(build);
}

async function build(): Promise<void> {
  await Promise.all([buildWorker(), buildClient()]);
}
