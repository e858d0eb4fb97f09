import type { PublishEventRequest } from "../../contract/logged-event.ts";
import { ID_PREFIXES } from "../../contract/ids.ts";
import type { EventRecord, PublishedEventRecord } from "../../ports/delivery-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { type KeyedRequest, keyedId, requireSameRequest } from "../keyed-request.ts";
import { FRAME_FIELDS } from "./types/payload-schema.ts";
import { requireValid } from "../json-schema.ts";
import { presentTask } from "../tasks/present-task.ts";
import { announceEvent } from "./announce-event.ts";

/** An event that the deployer publishes is not in a task's sequence. */
const NO_SEQUENCE = 0;

/**
 * Publishes an event of a registered type. One write adds it to the log with its dispatch due, so
 * it reaches every subscriber, whatever fails next (P3). With an idempotency key, the event's id is
 * derived from the key, and the unique `_id` allows only one event for as long as it is kept;
 * repeating the key returns that event. Throws `invalid_request` for an unknown or archived type,
 * for data that its schema refuses and for an unknown task, and `idempotency_key_reused`.
 */
export async function publishEvent({
  ctx,
  input: { request, keyed },
}: {
  ctx: NamespaceContext;
  input: { readonly request: PublishEventRequest; readonly keyed: KeyedRequest | null };
}): Promise<EventRecord> {
  const id =
    keyed === null
      ? ctx.runtime.newId("event")
      : await keyedId(ID_PREFIXES.event, ctx.namespace._id, keyed.key);
  // Looked up first: an accepted request gets the same answer again, even if it would be refused
  // today.
  const before = keyed === null ? null : await publishedBefore(ctx, id, keyed);
  if (before !== null) return before;
  const data = await checkedData(ctx, request);
  const now = ctx.runtime.now();
  const event: PublishedEventRecord = {
    _id: id,
    namespace_id: ctx.namespace._id,
    type: request.type,
    task_id: request.task_id ?? null,
    sequence: NO_SEQUENCE,
    timestamp: now,
    data,
    created_at: now,
    request_hash: keyed?.hash ?? null,
    outbox_at: now,
  };
  const outcome = await ctx.stores.events.publish(event);
  if (outcome.kind === "duplicate") {
    // Another request with this key was faster, or this insert's response was lost.
    const known = await publishedBefore(ctx, id, keyed);
    if (known === null) throw new Error(`${id} was refused and can't be found`);
    return known;
  }
  await announceEvent({ ctx, event });
  return event;
}

/** The event of that key, if it exists; announced again if its dispatch is still due. */
async function publishedBefore(
  ctx: NamespaceContext,
  id: string,
  keyed: KeyedRequest | null,
): Promise<EventRecord | null> {
  const known = await ctx.stores.events.getPublished(id);
  if (known === null) return null;
  if (keyed !== null) requireSameRequest({ id, hash: known.request_hash }, keyed);
  if (known.outbox_at !== null) await announceEvent({ ctx, event: known });
  return known;
}

/** The event's data as stored. */
async function checkedData(
  ctx: NamespaceContext,
  request: PublishEventRequest,
): Promise<Record<string, unknown>> {
  const type = await ctx.stores.eventTypes.find(ctx.namespace._id, request.type);
  if (type === null) {
    throw invalid(
      "type",
      `there is no registered event type "${request.type}"; register it by PUT /v1/event-types/{event_type}`,
    );
  }
  if (type.status === "ARCHIVED") {
    throw invalid(
      "type",
      `the event type "${request.type}" is archived: there is nothing more of it, unless a PUT puts it in service again`,
    );
  }
  const taken = FRAME_FIELDS.find((field) => Object.hasOwn(request.data, field));
  if (taken !== undefined) {
    throw invalid(`data.${taken}`, "this field is Waybill's to set; remove it");
  }
  requireValid(request.data, type.schema, "data");
  const task = await taskOf(ctx, request);
  return { ...request.data, ...(task !== null && { task: presentTask(task) }) };
}

async function taskOf(
  ctx: NamespaceContext,
  { task_id: taskId }: PublishEventRequest,
): Promise<TaskRecord | null> {
  if (taskId === undefined) return null;
  const task = await ctx.stores.tasks.find(ctx.namespace._id, taskId);
  if (task === null) throw invalid("task_id", `there is no task "${taskId}" in this namespace`);
  return task;
}

function invalid(path: string, message: string): DomainError {
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}
