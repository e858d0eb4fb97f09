import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareScenario, SCENARIO_OUTCOME } from "../support/client-scenario.ts";
import { startSameOrigin } from "../support/same-origin.ts";
import { startWorld, type World } from "../support/world.ts";

const chromiumPath = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path));

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

it.skipIf(chromiumPath === undefined)(
  "the built client reads, submits, waits, lists and verifies in Chromium (skipped where none is installed: apt-get install chromium, or CHROMIUM_PATH)",
  { timeout: 120_000 },
  async () => {
    const origin = await startSameOrigin(() => world.worker.url);
    const browser = await chromium.launch({
      ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
      args: ["--no-sandbox"],
    });
    try {
      const page = await browser.newPage();
      await page.goto(origin.url);
      const given = JSON.stringify(await prepareScenario(world, "from-chromium", origin.url));
      const outcome: unknown = await page.evaluate(`(async () => {
        const { scenario } = await import("/scenario.js");
        return scenario(await import("/waybill.js"), ${given});
      })()`);
      expect(outcome).toEqual(SCENARIO_OUTCOME);
    } finally {
      await browser.close();
      await origin.close();
    }
  },
);
