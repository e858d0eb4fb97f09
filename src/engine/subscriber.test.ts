import { expect, test } from "vitest";
import { defineSubscriber, toCatalog } from "./subscriber.ts";

const handle = () => Promise.resolve();
const named = (name: string) => defineSubscriber({ name, eventTypes: ["task.*"], handle });

test("a subscriber has a plain name and event types or patterns", () => {
  const eventTypes = ["*", "task.completed", "task.*", "webhook.endpoint.disabled"];
  expect(defineSubscriber({ name: "crm-sync.v2", eventTypes, handle }).name).toBe("crm-sync.v2");
  for (const name of ["", "CRM", "a b", "subscriber:x", "-a", "a".repeat(65)]) {
    expect(() => named(name), name).toThrow("expected a name");
  }
  for (const pattern of ["", "task", "Task.*", "task.**", "*.completed", "task."].slice(2)) {
    expect(() => defineSubscriber({ name: "a", eventTypes: [pattern], handle }), pattern).toThrow(
      "no event type",
    );
  }
  expect(() => defineSubscriber({ name: "a", eventTypes: [], handle })).toThrow("expected event");
});

test("two subscribers of one name are refused", () => {
  expect(() => toCatalog([named("a"), named("a")])).toThrow("same name");
  expect([...toCatalog([named("a"), named("b")]).keys()]).toEqual(["a", "b"]);
});
