import type { EventRecord } from "../ports/delivery-store.ts";

/**
 * A payload over this goes thin. Standard Webhooks advises small payloads (under 20 KB), and the
 * queue's messages, which carry the first attempt's, end at 1 MB.
 */
export const PAYLOAD_LIMIT_BYTES = 20_000;

/** What a thin payload keeps of a task that is too large even without inputs and outputs. */
const TASK_ESSENTIALS: ReadonlySet<string> = new Set([
  "task_id",
  "task_type",
  "status",
  "namespace_id",
  "version",
  "sequence",
]);

/**
 * The body that is sent for an event, as text. It depends on nothing but the stored event, so that
 * each attempt sends the same bytes, whoever builds it and when. A large one says `links.task` in
 * place of what was left out: first the task's inputs and outputs, then all but its essentials.
 */
export function buildPayload(event: EventRecord): string {
  const whole = withData(event, event.data);
  const task = isRecord(event.data["task"]) ? event.data["task"] : null;
  if (fits(whole) || task === null) return whole;

  const links = { task: `/v1/tasks/${String(task["task_id"])}` };
  const { inputs: _inputs, outputs: _outputs, ...rest } = task;
  const thin = withData(event, { ...event.data, task: rest, links });
  if (fits(thin)) return thin;

  const essentials = Object.fromEntries(
    Object.entries(task).filter(([field]) => TASK_ESSENTIALS.has(field)),
  );
  return withData(event, { task: essentials, links });
}

function withData(event: EventRecord, data: Record<string, unknown>): string {
  const own = { namespace_id: event.namespace_id, sequence: event.sequence };
  return JSON.stringify({
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    // Twice: first in order, and last in authority.
    data: { ...own, ...data, ...own },
  });
}

function fits(payload: string): boolean {
  return new TextEncoder().encode(payload).byteLength <= PAYLOAD_LIMIT_BYTES;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
