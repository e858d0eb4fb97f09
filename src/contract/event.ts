import { z } from "zod";

/** Every event that Waybill sends, and what it says. The order is that of a task's life. */
export const EVENT_CATALOGUE = [
  { type: "task.created", meaning: "A task was accepted and stored." },
  { type: "task.started", meaning: "An attempt of a task began." },
  { type: "task.progressed", meaning: "A task got further; at most once each 10 seconds." },
  { type: "task.completed", meaning: "A task ended well; its outputs are final." },
  { type: "task.failed", meaning: "A task ended badly; error_message says why." },
  { type: "task.canceled", meaning: "A kill was confirmed; the task won't go on." },
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

const EVENT_TYPES: readonly string[] = EVENT_CATALOGUE.map((event) => event.type);

/** Whether a pattern names an event: exactly, by `*` for all, or by a prefix as in `task.*`. */
export function matchesEventType(pattern: string, type: string): boolean {
  if (pattern === "*") return true;
  if (pattern.endsWith(".*")) return type.startsWith(pattern.slice(0, -1));
  return pattern === type;
}

/**
 * An event type or a pattern that at least one event of the catalogue matches: a misspelt
 * subscription is refused at once instead of staying silent for ever.
 */
export const EventTypePattern = z
  .string()
  .max(128)
  .refine((pattern) => EVENT_TYPES.some((type) => matchesEventType(pattern, type)), {
    error: `there is no such event; choose from ${EVENT_TYPES.join(", ")}, or a pattern such as "task.*" or "*"`,
  });
