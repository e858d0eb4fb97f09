import { expect } from "vitest";
import { z } from "zod";
import { Batch } from "../../../src/contract/batch.ts";
import type { TaskHistory } from "../../../src/contract/task.ts";
import { isTerminal, TaskStatusEnum } from "../../../src/contract/status.ts";
import { documentId } from "../../../src/content/batch/job/document-id.ts";
import { mayBecome } from "../../../src/engine/tasks/transitions.ts";
import type { Api } from "../../support/api.ts";
import { type BatchFixture, getTask } from "../../support/fixtures.ts";
import type { Endpoint } from "./receiver.ts";
import { documentsOf, historyOf, tasksFor } from "./task-state.ts";

/** What a task must have come to. */
export type Expected = {
  readonly status: "COMPLETED" | "CANCELED" | "FAILED";
  /** `all`: one for each object; `as told`: as many as the task's outputs say. */
  readonly documents: "all" | "as told";
};

/** The one task of a batch has ended as expected, once, and everything that shows it agrees. */
export async function expectEnded(
  api: Api,
  batch: BatchFixture,
  expected: Expected,
): Promise<void> {
  const tasks = await tasksFor(api, batch.batchId);
  expect(tasks).toHaveLength(1);
  const taskId = tasks[0]?.task_id ?? "";
  const history = await historyOf(api, taskId);
  expect(history.status).toBe(expected.status);
  expectConsistent(history);

  const polled = await getTask(api, taskId);
  expect(polled).toEqual(tasks[0]);

  const shown = Batch.parse((await api.get(batch.path).expect(200)).body);
  const { status, error_message } = polled;
  expect(shown).toMatchObject({ status, error_message, task_id: taskId });
  await expectDocuments(api, batch, polled.outputs, expected.documents);
}

const BatchOutputs = z.tuple([z.looseObject({ documents_written: z.int() })]).nullable();

async function expectDocuments(
  api: Api,
  batch: BatchFixture,
  outputs: unknown,
  expected: Expected["documents"],
): Promise<void> {
  const documents = await documentsOf(api, batch.collectionId);
  const told = BatchOutputs.parse(outputs)?.[0].documents_written ?? 0;
  expect(documents).toHaveLength(told);
  // The id says of which object and chunk a document is: one of each, and none of anything else.
  const possible = await Promise.all(
    batch.objectIds.map((objectId) => documentId(batch.collectionId, objectId, 0)),
  );
  const ids = documents.map((document) => document.document_id);
  if (expected === "all") expect(ids).toEqual(possible.toSorted());
  else expect(possible).toEqual(expect.arrayContaining(ids));
}

/** The audit trail is one that the state machine allows, and its events are complete and in order. */
export function expectConsistent({ entries, attempts, events, status }: TaskHistory): void {
  const changes = entries.filter((entry) => entry.kind === "status");
  expect(changes[0]).toMatchObject({ from: null, to: "PENDING" });
  for (const [index, change] of changes.entries()) {
    const before = changes[index - 1];
    if (before === undefined) continue;
    expect(change.from).toBe(before.to);
    expect(mayBecome(before.to, change.to), `${before.to} to ${change.to}`).toBe(true);
  }
  expect(changes.at(-1)?.to).toBe(status);
  expect(changes.filter((change) => isTerminal(TaskStatusEnum.parse(change.to)))).toHaveLength(1);

  expect(attempts.map((attempt) => attempt.attempt)).toEqual(attempts.map((_, index) => index + 1));
  for (const attempt of attempts) expect(attempt.ended_at).not.toBeNull();

  expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.event_id)).size).toBe(events.length);
  const types = events.map((event) => event.type);
  expect(types[0]).toBe("task.created");
  expect(types.at(-1)).toBe(`task.${status.toLowerCase()}`);
  expect(types.filter((type) => type === "task.started")).toHaveLength(attempts.length);
}

/** An endpoint that wants order got each event of a task for the first time by sequence. */
export function expectInOrder(taskId: string, endpoint: Endpoint): void {
  const own = endpoint.received.filter((request) => request.taskId === taskId);
  const first = [...new Set(own.map(({ sequence }) => sequence))];
  expect(first).toEqual(first.toSorted((one, other) => one - other));
}

/**
 * An endpoint got every event of a task (that it subscribed to), duplicates by the same id and with
 * the same body; `endpoints` of the namespace subscribed to them.
 */
export async function expectReceived(
  api: Api,
  taskId: string,
  endpoint: Endpoint,
  isSubscribed: (type: string) => boolean = () => true,
  endpoints = 1,
): Promise<void> {
  const { events: all, deliveries } = await historyOf(api, taskId);
  const events = all.filter(({ type }) => isSubscribed(type));
  expect(endpoint.refused).toEqual([]);
  const own = endpoint.received.filter((request) => request.taskId === taskId);
  const bodies = new Map(own.map((request) => [request.id, request.body]));
  for (const request of own) expect(request.body).toBe(bodies.get(request.id));
  const distinct = new Map(own.map(({ id, type, sequence }) => [id, { id, type, sequence }]));
  const inOrder = [...distinct.values()].toSorted((one, other) => one.sequence - other.sequence);
  expect(inOrder).toEqual(
    events.map(({ event_id, type, sequence }) => ({ id: event_id, type, sequence })),
  );
  const toIt = deliveries.filter(({ webhook_id }) => endpoint.path().endsWith(String(webhook_id)));
  const counted = endpoints === 1 ? toIt : deliveries;
  expect(counted).toHaveLength(events.length * endpoints);
  for (const delivery of counted) expect(delivery.status).toBe("COMPLETED");
}
