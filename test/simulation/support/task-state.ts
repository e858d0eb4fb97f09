import type { z } from "zod";
import { pageOf } from "../../../src/contract/common.ts";
import { CollectionDocument } from "../../../src/contract/document.ts";
import { isTerminal } from "../../../src/contract/status.ts";
import { Task, TaskHistory } from "../../../src/contract/task.ts";
import type { Api } from "../../support/api.ts";

/** The tasks that work for a resource, from MongoDB. */
export async function tasksFor(api: Api, resourceId: string): Promise<readonly Task[]> {
  const answer = await api.post("/v1/tasks/list", { resource_id: resourceId }).expect(200);
  return pageOf(Task).parse(answer.body).results;
}

/** The audit trail, from MongoDB. */
export async function historyOf(api: Api, taskId: string): Promise<TaskHistory> {
  return TaskHistory.parse((await api.get(`/v1/tasks/${taskId}/history`).expect(200)).body);
}

/** Whether nothing is left to do: ended, all events dispatched, all deliveries at their end. */
export async function isSettled(api: Api, taskId: string): Promise<boolean> {
  const { status, events, deliveries } = await historyOf(api, taskId);
  return (
    isTerminal(status) &&
    events.every((event) => event.dispatched) &&
    deliveries.every((delivery) => delivery.status !== "PENDING")
  );
}

const DocumentPage = pageOf(CollectionDocument);

/** Every document of a collection, in order of id. */
export async function documentsOf(
  api: Api,
  collectionId: string,
): Promise<readonly CollectionDocument[]> {
  const found: CollectionDocument[] = [];
  let cursor: string | null = null;
  do {
    const request: object = { limit: 200, ...(cursor !== null && { cursor }) };
    const answer = await api
      .post(`/v1/collections/${collectionId}/documents/list`, request)
      .expect(200);
    const page: z.infer<typeof DocumentPage> = DocumentPage.parse(answer.body);
    found.push(...page.results);
    cursor = page.pagination.next_cursor;
  } while (cursor !== null);
  return found.toSorted((one, other) => (one.document_id < other.document_id ? -1 : 1));
}
