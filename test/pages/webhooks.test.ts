import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { isInstalled } from "../support/processes.ts";
import { readPage } from "../support/page.ts";
import { completeTask, deliveryTo, subscribe } from "../support/webhooks.ts";
import { startWorld } from "../support/world.ts";

const run = promisify(execFile);

it.skipIf(!isInstalled("curl") || !isInstalled("bash"))(
  "the lines of docs/webhooks.md work as they are pasted",
  async () => {
    const page = await readPage("docs/webhooks.md");
    const blocks = [...page.matchAll(/```sh\n([^`]+)```/g)].map(([, lines = ""]) => lines);
    expect(blocks.length).toBeGreaterThan(6);
    const receiver = new TestReceiver(() => Date.now());
    await receiver.start();
    const world = await startWorld();
    try {
      const api = await world.inNamespace("demo");
      const { webhook_id } = await subscribe(api, receiver.url("/in"));
      await completeTask(world, api);
      const { delivery_id } = await deliveryTo(api, webhook_id);
      const script = blocks
        .join("\necho\n")
        .replaceAll("http://localhost:8787", world.worker.url)
        .replaceAll("https://example.com/waybill", receiver.url("/new"));
      const { stdout } = await run("bash", ["-e", "-c", script], {
        timeout: 20_000,
        env: {
          PATH: process.env["PATH"],
          KEY: world.stack.adminKey,
          WEBHOOK: webhook_id,
          DELIVERY: delivery_id,
        },
      });
      expect(stdout).not.toContain("urn:waybill:problem");
      expect(stdout).toContain('"secret":"whsec_');
      expect(stdout).toContain('"test":true');
      expect(stdout).toMatch(/"status":"PENDING".*"attempt_count":1/);
      expect(stdout).toMatch(/"dry_run":false,"events":\d+,"created":0/);
    } finally {
      await world.close();
      await receiver.close();
    }
  },
);
