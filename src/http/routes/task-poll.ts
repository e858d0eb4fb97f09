import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { HonoRequest } from "hono";
import { z } from "zod";
import { TaskId } from "../../contract/ids.ts";
import { isTerminal } from "../../contract/status.ts";
import { Task } from "../../contract/task.ts";
import { notFound } from "../../engine/errors.ts";
import type { PolledTask } from "../../engine/isolate-memory.ts";
import { awaitTask } from "../../engine/tasks/await-task.ts";
import { getTask } from "../../engine/tasks/get-task.ts";
import { openTaskStream } from "../../engine/events/stream-task.ts";
import { acceptsEvents } from "../accepts-events.ts";
import type { AppEnv } from "../app-env.ts";
import { eventStream, lastEventId } from "../event-stream.ts";
import { preferredWait } from "../prefer.ts";
import { problems } from "../problem-responses.ts";
import { invalidInput } from "../../engine/invalid-input.ts";

/** When a poller should poll again, in seconds. */
const RETRY_AFTER_SECONDS = "1";

/** The headers of a poll's response, for the route's definition. */
const POLL_HEADERS = {
  ETag: {
    schema: { type: "string" as const },
    description: "The task's version, for If-None-Match",
    required: true,
  },
  "X-Waybill-Source": {
    schema: { type: "string" as const, enum: ["cache", "history"] },
    description: "Which store had it: Redis or the isolate, or MongoDB",
    required: true,
  },
  "Retry-After": {
    schema: { type: "integer" as const },
    description: "When to poll again, in seconds; absent once the task has ended",
  },
  "Preference-Applied": {
    schema: { type: "string" as const, examples: ["wait=30"] },
    description: "The wait that Prefer asked for, when it was honoured",
  },
};

/** What a poll may send besides its key; only described, since none of it is ever refused. */
const REQUEST_HEADERS = [
  {
    name: "Prefer",
    in: "header" as const,
    required: false,
    description:
      "`wait=N`: respond as soon as the task changes from the version in If-None-Match (without it, from the current one), or after N seconds (at most 60) (RFC 7240)",
    schema: { type: "string" as const, examples: ["wait=30"] },
  },
  {
    name: "If-None-Match",
    in: "header" as const,
    required: false,
    description: "The ETag of the last response: 304 while the task is unchanged",
    schema: { type: "string" as const },
  },
  {
    name: "Accept",
    in: "header" as const,
    required: false,
    description:
      "`text/event-stream`: the task's events as server-sent events, in order of `sequence`, which is their id, until the task has ended",
    schema: { type: "string" as const },
  },
  {
    name: "Last-Event-ID",
    in: "header" as const,
    required: false,
    description: "The stream continues after the event with this sequence",
    schema: { type: "string" as const, pattern: "^[0-9]{0,15}$" },
  },
];

const PollQuery = z.strictObject({ source: z.enum(["cache"]).optional() });

const poll = createRoute({
  method: "get",
  path: "/tasks/{task_id}",
  tags: ["Tasks"],
  operationId: "getTask",
  summary: "Get a task's latest status",
  description:
    "The hot path. Served from Redis, or from MongoDB when Redis has no copy or is down; `?source=cache` reads only Redis. Send `If-None-Match` to receive only changes, `Prefer: wait=N` to wait for the next change, or `Accept: text/event-stream` for the task's events.",
  request: { params: z.object({ task_id: z.string() }), query: PollQuery },
  parameters: REQUEST_HEADERS,
  responses: {
    200: {
      description: "The task, or its events with Accept: text/event-stream",
      content: {
        "application/json": { schema: Task },
        "text/event-stream": { schema: z.string() },
      },
      headers: POLL_HEADERS,
    },
    204: {
      description: "The stream is over: the task has ended, and Last-Event-ID is its last event",
    },
    304: { description: "Unchanged since the ETag in If-None-Match", headers: POLL_HEADERS },
    ...problems("not_found"),
  },
});

/**
 * Adds `GET /tasks/{task_id}`: the poll, the wait and the stream. It is the hot path, so it has no
 * validators: they could only check a query, and few polls have one.
 */
export function addPoll(tasks: OpenAPIHono<AppEnv>): void {
  tasks.openAPIRegistry.registerPath(poll);
  tasks.get(poll.getRoutingPath(), async (c) => {
    const ctx = c.get("inNamespace");
    const taskId = c.req.param("task_id") ?? "";
    // An id of another form would cost keys in Redis before it is found that there is no such task.
    if (!TaskId.safeParse(taskId).success) throw notFound("task", taskId);
    const input = { taskId, cacheOnly: isCacheOnly(c.req) };
    if (acceptsEvents(c, ["application/json"])) {
      const after = lastEventId(c.req.header("Last-Event-ID"));
      const stream = await openTaskStream({ ctx, input: { taskId, after } });
      if (stream === null) return c.body(null, 204);
      return eventStream(stream, ctx.config.publicUrl);
    }
    const ifNoneMatch = c.req.header("If-None-Match");
    const prefer = c.req.header("Prefer");
    const wait = prefer === undefined ? null : preferredWait(prefer);
    if (wait === null) return pollResponse(await getTask({ ctx, input }), ifNoneMatch);
    const isKnown = (version: number) => ifNoneMatch === undefined || matches(ifNoneMatch, version);
    const { polled, isWaitApplied } = await awaitTask({
      ctx,
      input: { ...input, isKnown, waitMs: wait * 1000 },
    });
    const response = pollResponse(polled, ifNoneMatch);
    if (isWaitApplied) response.headers.set("Preference-Applied", `wait=${wait}`);
    return response;
  });
}

function isCacheOnly(request: HonoRequest): boolean {
  if (!request.url.includes("?")) return false;
  const query = PollQuery.safeParse(request.query());
  if (!query.success) throw invalidInput(query.error.issues);
  return query.data.source === "cache";
}

/**
 * The response to a poll, from the stored text: nothing is parsed or serialized again. The entity
 * tag is the version, which changes with every visible change (RFC 9110, section 8.8.3).
 */
function pollResponse({ task, source }: PolledTask, ifNoneMatch: string | undefined): Response {
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "Cache-Control": "no-cache",
    ETag: etagOf(task.version),
    "X-Waybill-Source": source,
  };
  if (!isTerminal(task.status)) headers["Retry-After"] = RETRY_AFTER_SECONDS;
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, task.version)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(task.json, { status: 200, headers });
}

function matches(ifNoneMatch: string, version: number): boolean {
  const etag = etagOf(version);
  return ifNoneMatch
    .split(",")
    .some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
}

function etagOf(version: number): string {
  return `"v${version}"`;
}
