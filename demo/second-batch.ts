import { setTimeout as sleep } from "node:timers/promises";
import { Batch } from "../src/contract/batch.ts";
import { Task } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { countDocuments } from "./documents.ts";
import { checkArrived } from "./events.ts";
import { claim } from "./failure.ts";
import { outputOf, submitBatch } from "./prepare.ts";
import type { Receiver } from "./receiver.ts";
import { checked, facts, heading, line, number } from "./terminal.ts";
import { watch } from "./watch.ts";

/** The smallest chunks with the most overlap: eight documents or so for each object. */
const OPTIONS = { chunk_size: 200, chunk_overlap: 100 } as const;

/** Between the two counts of what a killed batch has written. */
const SECOND_LOOK_MS = 2_000;

export type SecondBatch = {
  readonly client: Client;
  readonly receiver: Receiver;
  readonly bucketId: string;
  /** Runs the cron, which must not wake what was killed. */
  readonly runCron: () => Promise<void>;
};

/** Kills a batch half-way, and shows that it stopped, and where. */
export async function showKilledBatch({
  client,
  receiver,
  bucketId,
  runCron,
}: SecondBatch): Promise<void> {
  heading("Another batch, killed half-way");
  const { batch, task, collectionId } = await submitBatch(client, {
    bucketId,
    collection: "addresses-in-small-pieces",
    options: OPTIONS,
  });
  const taskPath = `/v1/tasks/${task.task_id}`;
  line(`The same objects, in pieces of ${OPTIONS.chunk_size} characters.`);
  line(`POST …/submit answers 202, the task ${task.task_id}.`);
  const { task: half } = await watch(client, task.task_id, isHalfWay);
  claim(half.status === "PROCESSING", `the batch ended ${half.status} before it could be killed`);
  const killed = await client.post(`${taskPath}/kill`, { reason: "seen enough" }, Task);
  line(`POST …/kill answers 202: status ${killed.status}, the cancel is requested.`);
  const { task: ended } = await watch(client, task.task_id);
  claim(ended.status === "CANCELED", `the killed task ended ${ended.status}`);

  const cancel = ended.cancel;
  claim(cancel !== null && ended.progress !== null, "a killed task should say cancel and progress");
  const { completed, total } = ended.progress;
  claim(total !== null && completed < total, `it was killed, but did all ${completed} objects`);
  const requested = Date.parse(cancel.requested_at);
  const after = (time: string | null) =>
    time === null ? "never" : `${Date.parse(time) - requested} ms later`;
  const written = outputOf(ended).documents_written;
  facts({
    requested: `${cancel.requested_at} by ${cancel.requested_by}: ${cancel.reason ?? ""}`,
    acknowledged: `${after(cancel.acknowledged_at)}, by the runner, between two steps`,
    [ended.status]: `${after(ended.completed_at)}, with what was done up to there kept`,
    stopped: `after ${number(completed)} of ${number(total)} objects, ${number(written)} documents`,
  });

  const { body: resource } = await client.get(
    `/v1/buckets/${bucketId}/batches/${batch.batch_id}`,
    Batch,
  );
  claim(resource.status === "CANCELED", `the batch is ${resource.status}, its task CANCELED`);
  const first = await countDocuments(client, collectionId);
  claim(first === written, `the collection has ${first} documents, the task says ${written}`);
  checked(`The collection has ${number(first)} documents, as many as the task says`);
  await sleep(SECOND_LOOK_MS);
  await runCron();
  const second = await countDocuments(client, collectionId);
  claim(second === first, `it went on after the kill: ${first} documents, then ${second}`);
  checked(`${SECOND_LOOK_MS / 1000} s and a cron run later it still has ${number(second)}`);

  await checkArrived(client, receiver, ended, "task.canceled");
}

function isHalfWay({ progress }: Task): boolean {
  return progress !== null && progress.total !== null && progress.completed * 2 >= progress.total;
}
