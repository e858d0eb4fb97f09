import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { oneOrMany } from "../../contract/common.ts";
import { EventTypePattern } from "../../contract/event.ts";
import { DomainError } from "../../engine/errors.ts";
import { requireKnownTypes } from "../../engine/events/types/require-known-types.ts";
import { openEventStream } from "../../engine/events/stream-events.ts";
import { acceptsEvents } from "../accepts-events.ts";
import { eventStream } from "../event-stream.ts";
import { createRouter } from "../router.ts";

/** How far the clocks of two isolates may be apart, in milliseconds. */
const CLOCKS_MS = 60_000;

const Filters = z.strictObject({
  type: oneOrMany(EventTypePattern).optional(),
  task_type: oneOrMany(z.string().max(100)).optional(),
  tag: oneOrMany(z.string().max(200)).optional(),
});

/** `/v1/events/stream`: a namespace's events as they happen. */
export const eventsStream = createRouter();

eventsStream.openapi(
  createRoute({
    method: "get",
    path: "/events/stream",
    tags: ["Events"],
    operationId: "streamEvents",
    summary: "Stream the namespace's events",
    description:
      "As server-sent events, each at least once. Each filter may be given several times.",
    request: { query: Filters },
    parameters: [
      {
        name: "Last-Event-ID",
        in: "header" as const,
        required: false,
        description: "The stream continues from there and repeats some of the last minute's events",
        schema: { type: "string" as const },
      },
    ],
    responses: {
      200: {
        description: "Server-sent events; `data` is the payload that webhooks receive",
        content: { "text/event-stream": { schema: z.string() } },
      },
    },
  }),
  async (c) => {
    if (!acceptsEvents(c, [])) {
      throw invalid("Accept", "this is a stream: send text/event-stream");
    }
    const { type, task_type: taskType, tag } = c.req.valid("query");
    const filter = { types: listOf(type), taskTypes: listOf(taskType), tags: listOf(tag) };
    const ctx = c.var.inNamespace;
    const after = loggedBefore(c.req.header("Last-Event-ID"), ctx.runtime.now());
    const patterns = filter.types;
    await requireKnownTypes({ ctx, patterns, path: "type", scope: "all" });
    const stream = await openEventStream({ ctx, input: { after, filter } });
    return eventStream(stream, ctx.config.publicUrl);
  },
);

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

/**
 * The time in an id of this stream. An id consists of a time and, for an event, the event's own id.
 * Throws `invalid_request` for what is none, and for a time that hasn't come: nothing would follow
 * it.
 */
function loggedBefore(lastEventId: string | undefined, now: Date): Date | null {
  if (lastEventId === undefined || lastEventId === "") return null;
  const [, ms] = /^(\d{1,14})(?:\.evt_[0-9a-z]+)?$/.exec(lastEventId) ?? [];
  if (ms === undefined)
    throw invalid("Last-Event-ID", "expected the id of an event of this stream");
  if (Number(ms) > now.getTime() + CLOCKS_MS) {
    throw invalid("Last-Event-ID", "expected the id of an event that has happened");
  }
  return new Date(Math.min(Number(ms), now.getTime()));
}

function invalid(path: string, message: string): DomainError {
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}
