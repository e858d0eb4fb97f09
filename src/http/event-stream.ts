import { DomainError } from "../engine/errors.ts";
import type { EventStream, StreamItem } from "../engine/events/event-stream.ts";
import { buildPayload } from "../engine/webhooks/payload.ts";

/** How long a client should wait before it reconnects, in milliseconds. */
const RETRY_MS = 1000;

/**
 * The response that streams events as server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html): `data` is the payload that
 * webhooks receive. A comment keeps an idle connection open.
 */
export function eventStream({ items, leave }: EventStream, publicUrl: string): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    pull: async (controller) => {
      const next = await items.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(frame(next.value, publicUrl)));
    },
    cancel: async () => {
      leave();
      await items.return();
    },
  });
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" },
  });
}

/** JSON text has no line breaks, so each event is one line of data. */
function frame(item: StreamItem, publicUrl: string): string {
  const id = item.id === null ? "" : `id: ${item.id}\n`;
  if (item.kind === "idle") return `: nothing new\n${id}\n`;
  return `${id}event: ${item.event.type}\ndata: ${buildPayload(item.event, publicUrl)}\n\n`;
}

/** The sequence in a Last-Event-ID header; 0 without one. Throws `invalid_request`. */
export function lastEventId(header: string | undefined): number {
  if (header === undefined || header === "") return 0;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  const message = "expected the id of an event of this stream: a whole number";
  throw new DomainError("invalid_request", `Last-Event-ID: ${message}`, [
    { path: "Last-Event-ID", message },
  ]);
}
