import { describe, expect, test } from "vitest";
import { EventTypePattern } from "../../contract/event.ts";
import { isSubscribed, type Subscription } from "./match.ts";

const at = new Date("2026-11-24T00:00:00Z");
const event = {
  type: "task.completed",
  timestamp: at,
  data: { task: { task_type: "engine_cluster_build", tags: ["nightly", "eu"] } },
};
const everything: Subscription = { event_types: ["*"], task_types: [], tags: [], created_at: at };

describe("an endpoint gets an event", () => {
  test.each([["*"], ["task.*"], ["task.completed"]])("of the pattern %s", (pattern) => {
    expect(isSubscribed({ ...everything, event_types: [pattern] }, event)).toBe(true);
  });

  test.each([["task"], ["task.complete"], ["collection.*"], ["tas.*"]])("not of %s", (pattern) => {
    expect(isSubscribed({ ...everything, event_types: [pattern] }, event)).toBe(false);
  });

  test("only of the task types it names", () => {
    expect(isSubscribed({ ...everything, task_types: ["engine_cluster_build"] }, event)).toBe(true);
    expect(isSubscribed({ ...everything, task_types: ["other"] }, event)).toBe(false);
  });

  test("only when the task has one of the tags it names", () => {
    expect(isSubscribed({ ...everything, tags: ["eu", "us"] }, event)).toBe(true);
    expect(isSubscribed({ ...everything, tags: ["us"] }, event)).toBe(false);
  });

  test("without a task only when it names neither types nor tags", () => {
    const bare = { ...event, data: {} };
    expect(isSubscribed(everything, bare)).toBe(true);
    expect(isSubscribed({ ...everything, tags: ["eu"] }, bare)).toBe(false);
    expect(isSubscribed({ ...everything, task_types: ["other"] }, bare)).toBe(false);
  });

  test("not from before it was made", () => {
    const later = new Date(at.getTime() + 1);
    expect(isSubscribed({ ...everything, created_at: later }, event)).toBe(false);
  });
});

test("what has not the form of a pattern is refused", () => {
  for (const pattern of ["*", "task.*", "webhook.endpoint.*", "orders.paid", "orders.paid.*"]) {
    expect(EventTypePattern.safeParse(pattern).success, pattern).toBe(true);
  }
  for (const odd of ["", "task", "*.*", "task.", "task.*.x", "Task.*", ".x", "a..b", "task.**"]) {
    expect(EventTypePattern.safeParse(odd).success, odd).toBe(false);
  }
});
