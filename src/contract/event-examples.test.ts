import { describe, expect, test } from "vitest";
import { EVENT_CATALOGUE } from "./event.ts";
import { exampleOf } from "./event-examples.ts";
import { Task } from "./task.ts";

describe("the example of an event", () => {
  test.each(EVENT_CATALOGUE.map(({ type }) => type))("of type %s is true to its shape", (type) => {
    const example = exampleOf(type);
    expect(example).not.toBeNull();
    if (type === "webhook.endpoint.disabled") return;
    const task = Task.strict().parse(example?.["task"]);
    const [kind, end] = type.split(".");
    if (kind === "task" && end !== undefined && task.completed_at !== null) {
      expect(task.status).toBe(end.toUpperCase());
    }
  });

  test("of a type that there is not is none", () => {
    for (const type of ["task.done", "", "toString", "__proto__"]) {
      expect(exampleOf(type)).toBeNull();
    }
  });
});
