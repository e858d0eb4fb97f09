import { z } from "zod";

/** The one status enum that every asynchronous resource shares (docs/architecture.md, "Status"). */
export const TaskStatusEnum = z.enum([
  "PENDING",
  "PROCESSING",
  "IN_PROGRESS",
  "COMPLETED",
  "FAILED",
  "CANCELED",
  "SKIPPED",
  "UNKNOWN",
  "DRAFT",
  "ACTIVE",
  "ARCHIVED",
  "SUSPENDED",
]);

/** A value of {@link TaskStatusEnum}. */
export type TaskStatus = z.infer<typeof TaskStatusEnum>;

/** The statuses that a task never leaves. */
export const TERMINAL_STATUSES = ["COMPLETED", "FAILED", "CANCELED", "SKIPPED"] as const;

/** The statuses of everything that has not ended. */
export const UNFINISHED_STATUSES: readonly TaskStatus[] = TaskStatusEnum.options.filter(
  (status) => !isTerminal(status),
);

export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

/** Whether a task with this status has ended. */
export function isTerminal(status: TaskStatus): status is TerminalStatus {
  return (TERMINAL_STATUSES as readonly TaskStatus[]).includes(status);
}
