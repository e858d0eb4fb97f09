import { Batch } from "../src/contract/batch.ts";
import type { Client } from "./client.ts";
import { allDocuments, nearest, originOf } from "./documents.ts";
import { showEvents } from "./events.ts";
import { claim } from "./failure.ts";
import { outputOf, submitBatch } from "./prepare.ts";
import type { Receiver } from "./receiver.ts";
import { bold, checked, facts, heading, line, number, quote, seconds } from "./terminal.ts";
import { watch } from "./watch.ts";

/** The passage whose neighbours are shown: Harrison on what the Treasury took in and spent. */
const SHOWN = { president: "Benjamin Harrison", year: 1890, passage: 4 } as const;

const NEIGHBOURS = 4;

/** A neighbour is nearer than documents are on average by at least this much. */
const MIN_LEAD = 0.1;

export type FirstBatch = {
  readonly client: Client;
  readonly receiver: Receiver;
  readonly bucketId: string;
  readonly objects: number;
};

/** Submits a batch of all objects, follows it to its end, and shows what came of it: the collection. */
export async function showFirstBatch({
  client,
  receiver,
  bucketId,
  objects,
}: FirstBatch): Promise<string> {
  heading("A batch");
  const startedAt = Date.now();
  const submitted = await submitBatch(client, { bucketId, collection: "addresses" });
  const { task_id: taskId } = submitted.task;
  line(`POST …/submit answers 202, the task ${taskId}.`);
  const { task, polls, fromCache } = await watch(client, taskId);
  claim(task.status === "COMPLETED", `the task ended ${task.status}: ${task.error_message}`);
  const output = outputOf(task);
  const took = Date.now() - startedAt;
  facts({
    "documents written": `${number(output.documents_written)} in ${seconds(took)}`,
    "objects failed": number(output.objects_failed),
    polls: `${polls}, of which ${fromCache} were answered by one Redis command each`,
  });
  const batchPath = `/v1/buckets/${bucketId}/batches/${submitted.batch.batch_id}`;
  const { body: batch } = await client.get(batchPath, Batch);
  claim(batch.status === "COMPLETED", `the batch is ${batch.status}, its task is COMPLETED`);
  checked("The batch resource has its task's status: COMPLETED");

  await showNeighbours(client, submitted.collectionId, output.documents_written);
  claim(
    output.documents_written === objects && output.objects_failed === 0,
    `${objects} objects became ${output.documents_written} documents, ${output.objects_failed} failed`,
  );
  await showEvents(client, receiver, task);
  return submitted.collectionId;
}

async function showNeighbours(
  client: Client,
  collectionId: string,
  expected: number,
): Promise<void> {
  heading("What the documents are good for");
  const documents = await allDocuments(client, collectionId, { withVectors: true });
  claim(
    documents.length === expected,
    `the collection lists ${documents.length} documents, the task wrote ${expected}`,
  );
  checked(`The collection lists ${number(documents.length)} documents, as many as were written`);
  const shown = documents.find(
    ({ metadata }) =>
      metadata["president"] === SHOWN.president &&
      metadata["year"] === SHOWN.year &&
      metadata["passage"] === SHOWN.passage,
  );
  claim(shown !== undefined, "the document whose neighbours are to be shown isn't there");
  line();
  line(`A document, ${bold(originOf(shown))}:`);
  quote(shown.text, 3);
  const { neighbours, mean } = nearest(documents, shown, NEIGHBOURS);
  line();
  line(`Its nearest neighbours, by cosine similarity (mean ${mean.toFixed(2)}):`);
  for (const { document, similarity } of neighbours) {
    line(`${similarity.toFixed(2)}  ${bold(originOf(document))}`);
    quote(document.text, 1);
  }
  const last = neighbours.at(-1)?.similarity ?? 0;
  claim(last > mean + MIN_LEAD, `the neighbours (${last}) are no nearer than any (${mean})`);
}
