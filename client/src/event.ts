import type { Task } from "./contract.ts";

/** What happened, as webhooks and streams say it. */
export type WaybillEvent = {
  /** `task.completed`, `collection.documents.written`, … */
  readonly type: string;
  /** When it happened: RFC 3339, UTC. */
  readonly timestamp: string;
  readonly data: EventData;
};

/** What an event is about; other fields depend on its type. */
export type EventData = {
  readonly namespace_id?: string;
  /** Its place among its task's events: no gaps, from 1. */
  readonly sequence?: number;
  /** The task as it was; a large one comes without inputs and outputs, or with its essentials only. */
  readonly task?: Pick<Task, "task_id" | "task_type" | "status"> & Partial<Task>;
  readonly [field: string]: unknown;
};

/** An event in its written form; null when the text is none. */
export function parseEvent(text: string): WaybillEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { type, timestamp, data }: { type?: unknown; timestamp?: unknown; data?: unknown } = value;
  if (typeof type !== "string" || typeof timestamp !== "string") return null;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  return { type, timestamp, data: { ...data } };
}
