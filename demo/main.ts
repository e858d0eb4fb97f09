/** `npm run demo`: what Waybill does, on real text, in about half a minute; it checks what it shows. */
import { styleText } from "node:util";
import { onParentGone } from "../local/watchdog.ts";
import { buildWorker } from "../scripts/build.ts";
import { createClient } from "./client.ts";
import { showClusters } from "./clusters.ts";
import { createEnding } from "./ending.ts";
import { showFirstBatch } from "./first-batch.ts";
import { showMigration } from "./migration.ts";
import { countAddresses, loadPassages, SOURCE } from "./passages.ts";
import { type Platform, startPlatform } from "./platform.ts";
import { fillBucket, makeNamespace, registerWebhook } from "./prepare.ts";
import { startReceiver } from "./receiver.ts";
import { showKilledBatch } from "./second-batch.ts";
import { showTaxonomy } from "./taxonomy.ts";
import { bold, facts, heading, line, number, seconds } from "./terminal.ts";

/** With the stopping after it, the demo ends within two minutes, however busy the machine. */
const TIMEOUT_MS = 110_000;

/** Stopping takes no longer; what is left then dies with this process. */
const STOP_TIMEOUT_MS = 4_000;

/** By the shells' convention: 128 and the number of the signal. */
const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const NAMESPACE = "demo";

const startedAt = Date.now();

let platform: Platform | null = null;

const ending = createEnding({
  stop: async () => platform?.close(),
  stopTimeoutMs: STOP_TIMEOUT_MS,
  lastLogs: () => platform?.lastLogs() ?? [],
  say: (text) => console.error(styleText("red", text, { stream: process.stderr })),
  exit: (code) => process.exit(code),
});

for (const [signal, code] of Object.entries(SIGNAL_CODES)) {
  process.on(signal, () => void ending.leave(code));
}
// npm killed by SIGKILL passes nothing on.
if (process.env["npm_lifecycle_event"] !== undefined) onParentGone(() => void ending.leave(1));
// Who reads only the beginning of it (`| head`) has seen enough.
process.stdout.on("error", () => void ending.leave(1));
setTimeout(() => void ending.fail(`it took longer than ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);

await ending.run(async () => {
  line();
  line(bold("Waybill: every long-running job gets a durable receipt."));

  await buildWorker();
  heading("The stack, all on this machine");
  platform = await startPlatform({
    redisUrl: process.env["REDIS_URL"] || null,
    mongodbUri: process.env["MONGODB_URI"] || null,
  });
  void platform.workerGone.then(() => ending.fail("workerd ended by itself"));
  const receiver = await startReceiver();
  facts({ ...platform.places, webhooks: `${receiver.url}  checks signatures` });

  heading("The data");
  const passages = loadPassages();
  const root = createClient(platform.url, platform.adminKey);
  const client = await makeNamespace(root, NAMESPACE);
  receiver.useSecret(await registerWebhook(client, receiver.url));
  const loadedAt = Date.now();
  const { bucketId, requests } = await fillBucket(client, "sotu", passages);
  facts({
    what: `${number(passages.length)} passages of ${countAddresses(passages)} ${SOURCE.name}`,
    source: SOURCE.from,
    licence: SOURCE.licence,
    loaded: `by ${requests} requests to POST …/objects/batch in ${seconds(Date.now() - loadedAt)}`,
  });

  const objects = passages.length;
  const collectionId = await showFirstBatch({ client, receiver, bucketId, objects });
  await showClusters({ client, receiver, collectionId });
  await showTaxonomy({ client, receiver, bucketId, collectionId });
  const names = { source: NAMESPACE, target: `${NAMESPACE}-copy` };
  await showMigration({ root, receiver, ...names, bucketId, collectionId });
  await showKilledBatch({ client, receiver, bucketId, runCron: platform.runCron });
  line();
  line(bold(`All checks passed in ${seconds(Date.now() - startedAt)}.`));
  await receiver.close();
});
