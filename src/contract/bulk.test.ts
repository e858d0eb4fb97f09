import { describe, expect, test } from "vitest";
import { RetryDeliveriesRequest } from "./delivery.ts";
import { TaskStatusEnum } from "./status.ts";
import { BulkRequest } from "./task.ts";

const TASKS = { name: "tasks", schema: BulkRequest };
const DELIVERIES = { name: "deliveries", schema: RetryDeliveriesRequest };

/** What meets every row, however it is written. */
const EVERYTHING = [
  [TASKS, {}],
  [TASKS, { metadata: {} }],
  [TASKS, { created_at: {} }],
  [TASKS, { metadata: {}, created_at: {} }],
  [TASKS, { status: TaskStatusEnum.options }],
  [TASKS, { reason: "cleaning up", dry_run: true, limit: 1 }],
  [DELIVERIES, {}],
  [DELIVERIES, { created_at: {} }],
  [DELIVERIES, { event_type: "*" }],
  [DELIVERIES, { event_type: ["task.failed", "*"] }],
] as const;

const NARROW = [
  [TASKS, { metadata: { team: "a" } }],
  [TASKS, { created_at: { lt: "2026-01-01T00:00:00Z" } }],
  [TASKS, { status: "FAILED", metadata: {} }],
  [TASKS, { tags: ["nightly"] }],
  [DELIVERIES, { event_type: "task.*" }],
  [DELIVERIES, { response_code: "none", created_at: {} }],
] as const;

describe("a verb over many rows", () => {
  test.each(EVERYTHING)(
    "of %o takes the filter %j, which keeps nothing out, with all alone",
    (target, filter) => {
      const { schema } = target;
      expect(schema.safeParse(filter).error?.issues[0]?.message).toContain('or "all": true');
      expect(schema.safeParse({ ...filter, all: true }).success).toBe(true);
      expect(schema.safeParse({ ...filter, all: false }).success).toBe(false);
    },
  );

  test.each(NARROW)("of %o takes the filter %j without all, and not with it", (target, filter) => {
    const { schema } = target;
    expect(schema.safeParse(filter).success).toBe(true);
    expect(schema.safeParse({ ...filter, all: true }).success).toBe(false);
  });

  test.each([{ tags: [] }, { status: [] }, { task_type: [] }, { metadata: null }])(
    "refuses a filter without values, %j, also with all",
    (filter) => {
      expect(BulkRequest.safeParse(filter).success).toBe(false);
      expect(BulkRequest.safeParse({ ...filter, all: true }).success).toBe(false);
    },
  );
});
