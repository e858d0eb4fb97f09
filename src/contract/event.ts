import { z } from "zod";

/**
 * Every event that Waybill itself sends, with its description, in the order of a task's life.
 * `event-payload.ts` has the schema and an example of each.
 */
export const EVENT_CATALOGUE = [
  { type: "task.created", meaning: "A task was accepted and stored." },
  { type: "task.started", meaning: "An attempt of a task began." },
  { type: "task.progressed", meaning: "A task made progress; sent at most once every 10 seconds." },
  { type: "task.completed", meaning: "A task completed; its outputs are final." },
  { type: "task.failed", meaning: "A task failed; error_message says why." },
  { type: "task.canceled", meaning: "A kill was confirmed; the task won't continue." },
  { type: "task.skipped", meaning: "A task's work was found to be unnecessary." },
  { type: "collection.documents.written", meaning: "A job wrote documents to a collection." },
  { type: "cluster.execution.completed", meaning: "A cluster has new results." },
  { type: "taxonomy.materialized", meaning: "A collection's documents were labelled." },
  { type: "namespace.migration.completed", meaning: "A namespace was copied and verified." },
  {
    type: "webhook.endpoint.disabled",
    meaning: "An endpoint was suspended: it answered 410, or failed for five days in a row.",
  },
] as const;

/** A type of event that Waybill itself sends. */
export type BuiltInEventType = (typeof EVENT_CATALOGUE)[number]["type"];

export const BUILT_IN_EVENT_TYPES: readonly string[] = EVENT_CATALOGUE.map((event) => event.type);

/** Whether Waybill itself sends events of this type. */
export function isBuiltInEvent(type: string): type is BuiltInEventType {
  return BUILT_IN_EVENT_TYPES.includes(type);
}

/**
 * Whether a pattern matches an event: by its exact name, by `*` for all, or by a prefix as in
 * `task.*`.
 */
export function matchesEventType(pattern: string, type: string): boolean {
  if (pattern === "*") return true;
  if (pattern.endsWith(".*")) return type.startsWith(pattern.slice(0, -1));
  return pattern === type;
}

/** Whether a pattern matches at least one event that Waybill itself sends. */
export function matchesBuiltIn(pattern: string): boolean {
  return BUILT_IN_EVENT_TYPES.some((type) => matchesEventType(pattern, type));
}

/** The maximum length of an event type's name, in characters. */
const MAX_TYPE_CHARACTERS = 100;

/** Lower-case words with dots between them. */
const TYPE = /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/;

/** The first words of names reserved for Waybill, now or later. */
const RESERVED_PREFIXES: ReadonlySet<string> = new Set([
  "waybill",
  ...BUILT_IN_EVENT_TYPES.map((type) => firstWordOf(type)),
]);

/** The name of a deployer's own event type: `orders.paid`. */
export const EventTypeName = z
  .string()
  .max(MAX_TYPE_CHARACTERS)
  .regex(TYPE, {
    error:
      'expected lower-case words of a-z, 0-9 and "_" with dots between them, such as orders.paid',
  })
  .refine((type) => !RESERVED_PREFIXES.has(firstWordOf(type)), {
    error: `expected a name of your own: those that start with ${[...RESERVED_PREFIXES].map((word) => `${word}.`).join(", ")} are Waybill's`,
  });

/**
 * The syntax of an event type or a pattern. Whether such a type exists is checked by
 * `require-known-types.ts`, which knows the namespace's own types.
 */
export const EventTypePattern = z
  .string()
  .max(MAX_TYPE_CHARACTERS)
  .regex(/^(\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\.\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)+)$/, {
    error: 'expected an event type such as task.completed, or a pattern such as "task.*" or "*"',
  });

function firstWordOf(type: string): string {
  return type.split(".", 1)[0] ?? "";
}
