/** `npm run demo`: what Waybill does, on real text, in half a minute; it checks what it shows. */
import { styleText } from "node:util";
import { createClient } from "./client.ts";
import { DemoFailure } from "./failure.ts";
import { showFirstBatch } from "./first-batch.ts";
import { countAddresses, loadPassages, SOURCE } from "./passages.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { fillBucket, makeNamespace, registerWebhook } from "./prepare.ts";
import { startReceiver } from "./receiver.ts";
import { showKilledBatch } from "./second-batch.ts";
import { bold, facts, heading, line, number, seconds } from "./terminal.ts";

/** With the build before it and the stopping after it, the demo ends within 90 s. */
const TIMEOUT_MS = 80_000;

/** Stopping takes no longer; what is left then dies with this process. */
const STOP_TIMEOUT_MS = 4_000;

/** By the shells' convention: 128 and the number of the signal. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const startedAt = Date.now();

let platform: Platform | null = null;

let isEnding = false;

/** Stops everything and ends the process; the first call decides how. */
async function end(code: number, problem?: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  if (problem !== undefined) {
    console.error(styleText("red", `\nThe demo failed: ${problem}`, { stream: process.stderr }));
    for (const log of platform?.lastLogs() ?? []) console.error(`  worker: ${log}`);
  }
  // workerd has a guard that ends it when this process is gone.
  setTimeout(() => process.exit(code), STOP_TIMEOUT_MS);
  await platform?.close().catch((error: unknown) => console.error(String(error)));
  process.exit(code);
}

async function run(): Promise<void> {
  line();
  line(bold("Waybill: every long-running job gets a durable receipt."));
  heading("The stack, on this machine alone");
  platform = await startPlatform();
  const receiver = await startReceiver();
  facts({ ...platform.places, webhooks: `${receiver.url}  a receiver that verifies signatures` });

  heading("The data");
  const passages = loadPassages();
  const root = createClient(platform.url, platform.adminKey);
  const client = await makeNamespace(root, "demo");
  receiver.useSecret(await registerWebhook(client, receiver.url));
  const loadedAt = Date.now();
  const { bucketId, requests } = await fillBucket(client, "sotu", passages);
  facts({
    what: `${SOURCE.name}: ${number(passages.length)} passages of ${countAddresses(passages)} addresses`,
    source: SOURCE.from,
    licence: SOURCE.licence,
    loaded: `${requests} requests to POST …/objects/batch in ${seconds(Date.now() - loadedAt)}`,
  });

  await showFirstBatch({ client, receiver, bucketId, objects: passages.length });
  const { runCron } = platform;
  await showKilledBatch({ client, receiver, bucketId, runCron });
  await receiver.close();
  line();
  line(bold(`All of it held, in ${seconds(Date.now() - startedAt)}.`));
}

for (const [signal, code] of Object.entries(SIGNAL_CODES)) {
  process.on(signal, () => void end(code));
}
setTimeout(() => void end(1, `it took longer than ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);

try {
  await run();
  await end(0);
} catch (error) {
  const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
  await end(1, error instanceof DemoFailure ? error.message : unexpected);
}
