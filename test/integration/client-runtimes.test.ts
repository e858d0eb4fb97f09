import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSecret, signatureHeaders } from "../../src/engine/webhooks/sign.ts";
import { makeBatch, sentence } from "../support/fixtures.ts";
import { startClientWorker } from "../support/client-worker.ts";
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

/** All that the scenario needs, in a namespace of its own. */
async function prepare(namespace: string, baseUrl: string) {
  const api = await world.inNamespace(namespace);
  const batch = await makeBatch(api, [sentence(1), sentence(2), sentence(3)]);
  const secret = newSecret();
  const body = JSON.stringify({
    type: "task.completed",
    timestamp: "2026-11-24T01:02:03Z",
    data: {},
  });
  const headers = await signatureHeaders([secret], { id: "evt_1", at: new Date(), body });
  return {
    options: { baseUrl, key: world.stack.adminKey, namespace },
    bucketId: batch.bucketId,
    batchId: batch.batchId,
    collectionId: batch.collectionId,
    webhook: { secret, headers, body },
  };
}

const EXPECTED = {
  draft: "DRAFT",
  ended: "COMPLETED",
  lastSeen: "COMPLETED",
  documents: 3,
  error: "not_found",
  hasRequestId: true,
  event: "task.completed",
};

describe("the built client", { timeout: 120_000 }, () => {
  it("reads, submits, waits, lists and verifies in a worker without compatibility flags", async () => {
    const worker = await startClientWorker();
    try {
      expect(await worker.play(await prepare("from-workerd", world.worker.url))).toEqual(EXPECTED);
    } finally {
      await worker.close();
    }
  });

  it.skipIf(chromiumPath === undefined)(
    "does the same in Chromium (skipped where none is installed: apt-get install chromium, or CHROMIUM_PATH)",
    async () => {
      const origin = await startSameOrigin(() => world.worker.url);
      const browser = await chromium.launch({
        ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
        args: ["--no-sandbox"],
      });
      try {
        const page = await browser.newPage();
        await page.goto(origin.url);
        const given = JSON.stringify(await prepare("from-chromium", origin.url));
        const outcome: unknown = await page.evaluate(`(async () => {
          const { scenario } = await import("/scenario.js");
          return scenario(await import("/waybill.js"), ${given});
        })()`);
        expect(outcome).toEqual(EXPECTED);
      } finally {
        await browser.close();
        await origin.close();
      }
    },
  );
});
