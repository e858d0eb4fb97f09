import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { Batch } from "../src/contract/batch.ts";
import type { CollectionDocument } from "../src/contract/document.ts";
import { TaskHistory } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { listDocuments, nearest } from "./documents.ts";
import { claim } from "./failure.ts";
import { outputOf, submitBatch } from "./prepare.ts";
import type { Receiver } from "./receiver.ts";
import { bold, checked, dim, facts, heading, line, number, quote, seconds } from "./terminal.ts";
import { timeline } from "./timeline.ts";
import { watch } from "./watch.ts";

/** How long the last events may take to arrive once their task has ended. */
export const EVENTS_TIMEOUT_MS = 15_000;

/** The passage whose neighbours are shown: Taft on the Treasury's receipts and its deficit. */
const SHOWN = { president: "William H Taft", year: 1912, passage: 10 } as const;

const NEIGHBOURS = 4;

/** A neighbour is nearer than documents are on average by at least this much. */
const MIN_LEAD = 0.1;

/** Between two looks at a history that isn't complete yet. */
const HISTORY_INTERVAL_MS = 50;

export type FirstBatch = {
  readonly client: Client;
  readonly receiver: Receiver;
  readonly bucketId: string;
  readonly objects: number;
};

/** Submits a batch of all objects, follows it to its end, and shows what came of it. */
export async function showFirstBatch({
  client,
  receiver,
  bucketId,
  objects,
}: FirstBatch): Promise<void> {
  heading("A batch");
  const startedAt = Date.now();
  const submitted = await submitBatch(client, { bucketId, collection: "addresses" });
  const { task_id: taskId } = submitted.task;
  line(`POST …/submit answers 202 and the task ${taskId}.`);
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
  await showEvents(client, receiver, taskId, task.sequence);
}

async function showNeighbours(
  client: Client,
  collectionId: string,
  expected: number,
): Promise<void> {
  heading("What the documents are good for");
  const documents: CollectionDocument[] = [];
  for await (const page of listDocuments(client, collectionId, { withVectors: true })) {
    documents.push(...page);
  }
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
  line(`Its nearest neighbours of all, by the cosine of the vectors (mean ${mean.toFixed(2)}):`);
  for (const { document, similarity } of neighbours) {
    line(`${similarity.toFixed(2)}  ${bold(originOf(document))}`);
    quote(document.text, 1);
  }
  const last = neighbours.at(-1)?.similarity ?? 0;
  claim(last > mean + MIN_LEAD, `the neighbours (${last}) are no nearer than any (${mean})`);
}

function originOf({ metadata }: CollectionDocument): string {
  return `${String(metadata["president"])}, ${String(metadata["year"])}`;
}

async function showEvents(
  client: Client,
  receiver: Receiver,
  taskId: string,
  sequence: number,
): Promise<void> {
  heading("Its history and its events");
  await untilAllEvents(receiver, taskId, sequence);
  const history = await settledHistory(client, taskId, sequence);
  for (const row of timeline(history)) line(row);
  line();
  checkEvents(history, receiver, taskId);
  await checkForgery(receiver, taskId);
}

/** Waits until the receiver has all of a task's events. */
export async function untilAllEvents(
  receiver: Receiver,
  taskId: string,
  sequence: number,
): Promise<void> {
  const isComplete = await receiver.untilComplete(taskId, sequence, EVENTS_TIMEOUT_MS);
  const got = receiver.eventsOf(taskId).map((event) => event.sequence);
  claim(
    isComplete,
    `of the events 1 to ${sequence} of ${taskId} only ${got.join(", ") || "none"} arrived within ` +
      `${EVENTS_TIMEOUT_MS / 1000} s. ${receiver.refused.join("; ")}`,
  );
}

/** The history once each delivery's outcome is written: a moment after the receiver's answer. */
async function settledHistory(
  client: Client,
  taskId: string,
  sequence: number,
): Promise<z.infer<typeof TaskHistory>> {
  const deadline = Date.now() + EVENTS_TIMEOUT_MS;
  for (;;) {
    const { body } = await client.get(`/v1/tasks/${taskId}/history`, TaskHistory);
    const done = body.deliveries.filter(({ status }) => status === "COMPLETED").length;
    if (done === sequence && body.events.every(({ dispatched }) => dispatched)) return body;
    claim(Date.now() < deadline, `only ${done} of ${sequence} deliveries are COMPLETED`);
    await sleep(HISTORY_INTERVAL_MS);
  }
}

/** Compares what Waybill says it sent with what came. */
export function checkEvents(history: TaskHistory, receiver: Receiver, taskId: string): void {
  const sent = history.events.map(({ event_id, type }) => `${type} ${event_id}`);
  const events = receiver.eventsOf(taskId);
  const got = events.map(({ eventId, type }) => `${type} ${eventId}`);
  claim(
    sent.toSorted().join() === got.toSorted().join(),
    `the history has the events ${sent.join(", ")}; received were ${got.join(", ")}`,
  );
  claim(receiver.refused.length === 0, `not verified: ${receiver.refused.join("; ")}`);
  checked(`Events sent ${sent.length}, received and verified ${got.length}, none missing`);
  line(dim("  verified with the npm package standardwebhooks, numbered without a gap"));
}

/** Sends a changed copy of a received event, as a forger would, and expects it to be refused. */
async function checkForgery(receiver: Receiver, taskId: string): Promise<void> {
  const [event] = receiver.eventsOf(taskId);
  claim(event !== undefined, "no event was received");
  const { status } = await fetch(receiver.url, {
    method: "POST",
    headers: event.headers,
    body: event.body.replace(event.type, "task.forged"),
  });
  claim(status === 400, `a forged event was answered ${status}`);
  checked("A copy with another text and the same signature is refused");
}
