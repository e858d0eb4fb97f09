import { describe, expect, test } from "vitest";
import type { EventRecord } from "../ports/delivery-store.ts";
import { buildPayload, PAYLOAD_LIMIT_BYTES } from "./payload.ts";

const event = (task: Record<string, unknown>, more: Record<string, unknown> = {}): EventRecord => ({
  _id: "evt_1",
  namespace_id: "ns_1",
  type: "task.completed",
  task_id: "tsk_1",
  sequence: 4,
  timestamp: new Date("2026-11-24T01:02:03.456Z"),
  data: { task: { task_id: "tsk_1", status: "COMPLETED", ...task }, ...more },
  created_at: new Date(),
});
const large = "x".repeat(PAYLOAD_LIMIT_BYTES);

describe("a payload", () => {
  test("is type, timestamp and data with namespace, sequence, task and what else there is", () => {
    expect(JSON.parse(buildPayload(event({ inputs: ["a"] }, { documents: 3 })))).toEqual({
      type: "task.completed",
      timestamp: "2026-11-24T01:02:03.456Z",
      data: {
        namespace_id: "ns_1",
        sequence: 4,
        task: { task_id: "tsk_1", status: "COMPLETED", inputs: ["a"] },
        documents: 3,
      },
    });
  });

  test("has the same bytes from the event as it was stored and read back", () => {
    const first = event({ inputs: [{ z: 1, a: 2 }], progress: null });
    const stored = structuredClone({ ...first, created_at: new Date(0) });
    expect(buildPayload(stored)).toBe(buildPayload(first));
  });

  test("over the limit leaves out inputs and outputs and links to the task", () => {
    const { data } = JSON.parse(
      buildPayload(event({ inputs: [large], outputs: [large], tags: ["a"] })),
    );
    expect(data.task).toEqual({ task_id: "tsk_1", status: "COMPLETED", tags: ["a"] });
    expect(data.links).toEqual({ task: "/v1/tasks/tsk_1" });
  });

  test("never is over the limit, however much the task has beside inputs and outputs", () => {
    const payload = buildPayload(event({ additional_data: { large } }, { more: large }));
    expect(payload.length).toBeLessThan(PAYLOAD_LIMIT_BYTES);
    expect(JSON.parse(payload).data.task).toEqual({ task_id: "tsk_1", status: "COMPLETED" });
  });
});
