import type { TaskStatus } from "../../contract/status.ts";

/**
 * The transitions from each status; the state machine's only table (docs/architecture.md,
 * "Status"). Every write of a status is checked by {@link mayBecome}.
 */
export const TRANSITIONS: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  DRAFT: ["PENDING", "ARCHIVED"],
  PENDING: ["PROCESSING", "IN_PROGRESS", "SKIPPED", "CANCELED", "FAILED", "SUSPENDED"],
  PROCESSING: ["COMPLETED", "FAILED", "CANCELED", "SKIPPED", "PENDING", "SUSPENDED"],
  IN_PROGRESS: ["COMPLETED", "FAILED", "CANCELED", "SKIPPED", "PENDING", "UNKNOWN"],
  UNKNOWN: ["IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"],
  SUSPENDED: ["PENDING", "ACTIVE", "CANCELED", "ARCHIVED"],
  ACTIVE: ["SUSPENDED", "ARCHIVED", "PENDING"],
  COMPLETED: [],
  FAILED: [],
  CANCELED: [],
  SKIPPED: [],
  ARCHIVED: [],
};

/** Whether a status may be followed by another. */
export function mayBecome(from: TaskStatus, to: TaskStatus): boolean {
  return TRANSITIONS[from].includes(to);
}
