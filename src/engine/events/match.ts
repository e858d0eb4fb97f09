import { matchesEventType } from "../../contract/event.ts";
import type { Wanted, EndpointRecord } from "../../ports/endpoint-store.ts";

/** The fields of an event that decide who receives it. */
export type MatchedEvent = {
  readonly type: string;
  readonly timestamp: Date;
  readonly data: Record<string, unknown>;
};

/** The fields of an endpoint that decide what it receives. */
export type Subscription = Pick<
  EndpointRecord,
  "event_types" | "task_types" | "tags" | "created_at"
>;

/**
 * Whether an endpoint receives an event: the type, the task's type and the task's tags must all
 * match (an empty filter matches everything), and the event must not be older than the endpoint,
 * even if it is dispatched late.
 */
export function isSubscribed(endpoint: Subscription, event: MatchedEvent): boolean {
  const task = taskOf(event.data);
  return (
    endpoint.created_at <= event.timestamp &&
    endpoint.event_types.some((pattern) => matchesEventType(pattern, event.type)) &&
    (endpoint.task_types.length === 0 || endpoint.task_types.includes(task.type)) &&
    (endpoint.tags.length === 0 || task.tags.some((tag) => endpoint.tags.includes(tag)))
  );
}

/** What an endpoint's filters must match to receive any of these events. */
export function wantedBy(events: readonly MatchedEvent[]): Wanted {
  const tasks = events.map((event) => taskOf(event.data));
  return {
    patterns: distinct(events.flatMap((event) => patternsOf(event.type))),
    taskTypes: distinct(tasks.map((task) => task.type)),
    tags: distinct(tasks.flatMap((task) => task.tags)),
  };
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

/** Every pattern that names an event type: `a.b.c`, `a.b.*`, `a.*` and `*`. */
function patternsOf(type: string): readonly string[] {
  const parts = type.split(".");
  const prefixes = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join(".")}.*`);
  return ["*", ...prefixes, type];
}

function taskOf(data: Record<string, unknown>): { type: string; tags: readonly string[] } {
  const { task } = data;
  if (typeof task !== "object" || task === null) return { type: "", tags: [] };
  const type = "task_type" in task && typeof task.task_type === "string" ? task.task_type : "";
  const tags: readonly unknown[] = "tags" in task && Array.isArray(task.tags) ? task.tags : [];
  return { type, tags: tags.filter((tag) => typeof tag === "string") };
}
