import { z } from "zod";
import { Collection } from "../src/contract/collection.ts";
import { pageOf } from "../src/contract/common.ts";
import { Migration } from "../src/contract/migration.ts";
import { Namespace } from "../src/contract/namespace.ts";
import { BucketObject } from "../src/contract/object.ts";
import { Task } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { digestOf } from "./digest.ts";
import { allDocuments } from "./documents.ts";
import { checkArrived } from "./events.ts";
import { claim } from "./failure.ts";
import type { Receiver } from "./receiver.ts";
import { checked, facts, heading, line, number, seconds } from "./terminal.ts";
import { watch } from "./watch.ts";

/** An object that comes to the source while it is copied. */
const LATE = {
  key: "written-meanwhile",
  content: { text: "This came while the rest was copied." },
};

const Output = z.object({
  target_namespace_id: z.string(),
  copied: z.record(z.string(), z.int()),
  verified: z.boolean(),
});

export type MigrationShow = {
  /** The administrator, in no namespace. */
  readonly root: Client;
  readonly receiver: Receiver;
  readonly source: string;
  readonly target: string;
  readonly bucketId: string;
  readonly collectionId: string;
};

/** Copies a namespace while it is written to, and compares the copy with what it was made of. */
export async function showMigration(show: MigrationShow): Promise<void> {
  const { root, receiver, source, target, bucketId } = show;
  const client = root.inNamespace(source);
  heading("A migration: the namespace copied while in use");
  const startedAt = Date.now();
  const path = `/v1/namespaces/${source}/migrations`;
  const made = await root.post(path, { target_name: target }, Migration);
  const submitted = await root.post(`${path}/${made.migration_id}/start`, {}, Task);
  line(`POST …/start answers 202, the task ${submitted.task_id}.`);
  const { task: half } = await watch(client, submitted.task_id, isCopying);
  claim(half.status === "PROCESSING", `it ended ${half.status} before anything could be written`);
  const { body: draft } = await root.get(`/v1/namespaces/${target}`, Namespace);
  claim(draft.status === "DRAFT", `the target is ${draft.status} before it is verified`);
  await client.post(`/v1/buckets/${bucketId}/objects`, LATE, BucketObject);
  line("Meanwhile the target is a DRAFT, and the source gets one more object.");
  const { task } = await watch(client, submitted.task_id);
  claim(task.status === "COMPLETED", `the task ended ${task.status}: ${task.error_message}`);
  const { copied, verified } = Output.parse(task.outputs?.[0]);
  claim(verified, "the copy was not verified");
  facts({
    copied: rowsOf(copied),
    took: `${seconds(Date.now() - startedAt)}, with counts and checksums of both sides compared`,
  });
  const { body: namespace } = await root.get(`/v1/namespaces/${target}`, Namespace);
  claim(namespace.status === "ACTIVE", `the target is ${namespace.status} after it was verified`);
  checked("The target is ACTIVE, and only now");
  await checkLate(root.inNamespace(target));
  await compare(show);
  await checkArrived(client, receiver, task, "namespace.migration.completed");
}

function isCopying({ progress }: Task): boolean {
  return progress?.message?.startsWith("copying") ?? false;
}

/** For instance `buckets 1, objects 4,569`. */
function rowsOf(copied: Readonly<Record<string, number>>): string {
  return Object.entries(copied)
    .map(([kind, count]) => `${kind} ${number(count)}`)
    .join(", ");
}

/** The object that was written meanwhile has come along. */
async function checkLate(target: Client): Promise<void> {
  const { results } = await target.post(
    "/v1/buckets/sotu/objects/list",
    { key: LATE.key },
    pageOf(BucketObject),
  );
  claim(
    results.length === 1 && results[0]?.content.text === LATE.content.text,
    "the object that was written meanwhile is not in the target",
  );
  checked("The object added meanwhile is in the target too");
}

/** Compares both sides by what the API answers, not by what the migration says. */
async function compare({ root, source, target, collectionId }: MigrationShow): Promise<void> {
  const there = root.inNamespace(target);
  const { body: copy } = await there.get("/v1/collections/addresses", Collection);
  const withVectors = { withVectors: true };
  const [before, after] = await Promise.all([
    allDocuments(root.inNamespace(source), collectionId, withVectors),
    allDocuments(there, copy.collection_id, withVectors),
  ]);
  const digest = digestOf(before);
  claim(
    before.length === after.length && digest === digestOf(after),
    `${before.length} documents have the digest ${digest}, ${after.length} copies ${digestOf(after)}`,
  );
  checked(
    `SHA-256 of ${number(after.length)} texts, vectors and labels: ${digest.slice(0, 8)}… on both`,
  );
}
