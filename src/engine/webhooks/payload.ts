import type { EventRecord } from "../../ports/delivery-store.ts";

/**
 * A payload larger than this is sent thin. Standard Webhooks advises payloads under 20 KB, and the
 * queue's messages, which carry the first attempt's payload, are limited to 1 MB.
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

/** No essential field of a task is longer; other data under the name `task` may be anything. */
const ESSENTIAL_LIMIT_BYTES = 300;

/**
 * The body sent for an event, as text. It depends only on the stored event and the deployment's
 * address, so every attempt sends the same bytes.
 *
 * A large body links in `data.links` to the whole `event` and the current `task`; the links are
 * absolute, since the receiver has no other address of this deployment. It leaves out as little as
 * necessary: first the task's inputs and outputs, then everything of the task but its essentials,
 * then the largest of the other fields. It never exceeds the limit. A published event's data, at
 * most 16 KiB, is always kept beside the essentials of a task of any size, so it satisfies its
 * schema.
 */
export function buildPayload(event: EventRecord, publicUrl: string): string {
  const whole = withData(event, event.data);
  if (sizeOf(whole) <= PAYLOAD_LIMIT_BYTES) return whole;

  const { task: ownTask, links: _links, ...others } = event.data;
  const task = isRecord(ownTask) ? ownTask : null;
  const links = {
    event: `${publicUrl}/v1/events/${event._id}`,
    ...(event.task_id !== null && { task: `${publicUrl}/v1/tasks/${event.task_id}` }),
  };
  if (task !== null) {
    const { inputs: _inputs, outputs: _outputs, ...rest } = task;
    const thin = withData(event, { ...others, task: rest, links });
    if (sizeOf(thin) <= PAYLOAD_LIMIT_BYTES) return thin;
  }
  const least = { ...(task !== null && { task: essentialsOf(task) }), links };
  const room = PAYLOAD_LIMIT_BYTES - sizeOf(withData(event, least));
  return withData(event, { ...smallest(others, room), ...least });
}

function essentialsOf(task: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(task).filter(
      ([field, value]) =>
        TASK_ESSENTIALS.has(field) && sizeOf(JSON.stringify(value) ?? "") <= ESSENTIAL_LIMIT_BYTES,
    ),
  );
}

/**
 * As many fields as fit into a number of bytes, smallest first, returned in their original order.
 */
function smallest(fields: Record<string, unknown>, room: number): Record<string, unknown> {
  const sized = Object.keys(fields)
    .map((name) => ({ name, bytes: sizeOf(JSON.stringify({ [name]: fields[name] })) }))
    .toSorted((one, other) => one.bytes - other.bytes);
  const kept = new Set<string>();
  let left = room;
  for (const { name, bytes } of sized) {
    // Minus two braces, plus a comma: one byte to spare.
    if (bytes > left) break;
    left -= bytes;
    kept.add(name);
  }
  return Object.fromEntries(Object.entries(fields).filter(([name]) => kept.has(name)));
}

function withData(event: EventRecord, data: Record<string, unknown>): string {
  const own = { namespace_id: event.namespace_id, sequence: event.sequence };
  return JSON.stringify({
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    // Spread twice: first for the order, last for precedence.
    data: { ...own, ...data, ...own },
  });
}

/** Bytes of UTF-8. */
function sizeOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
