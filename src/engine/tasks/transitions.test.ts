import { describe, expect, it } from "vitest";
import { isTerminal, type TaskStatus, TaskStatusEnum } from "../../contract/status.ts";
import { mayBecome, TRANSITIONS } from "./transitions.ts";

const STATUSES = TaskStatusEnum.options;

/** Every status that can be reached from one, in any number of moves. */
function reachable(from: TaskStatus): ReadonlySet<TaskStatus> {
  const found = new Set<TaskStatus>();
  const next = [...TRANSITIONS[from]];
  for (let status = next.pop(); status !== undefined; status = next.pop()) {
    if (found.has(status)) continue;
    found.add(status);
    next.push(...TRANSITIONS[status]);
  }
  return found;
}

describe("the table of transitions", () => {
  it("has no way out of a terminal status", () => {
    const ends = STATUSES.filter((status) => TRANSITIONS[status].length === 0);
    expect(ends.toSorted()).toEqual(["ARCHIVED", "CANCELED", "COMPLETED", "FAILED", "SKIPPED"]);
    expect(ends.filter((status) => status !== "ARCHIVED").every(isTerminal)).toBe(true);
  });

  it("leads from every status to a terminal one", () => {
    for (const status of STATUSES.filter((one) => TRANSITIONS[one].length > 0)) {
      expect([...reachable(status)].some((one) => isTerminal(one) || one === "ARCHIVED")).toBe(
        true,
      );
    }
    for (const end of STATUSES.filter(isTerminal)) expect(reachable("PENDING")).toContain(end);
  });

  it("never goes from a status to itself, and never back to DRAFT", () => {
    for (const status of STATUSES) {
      expect(mayBecome(status, status)).toBe(false);
      expect(mayBecome(status, "DRAFT")).toBe(false);
    }
  });

  it("lets only a running task complete", () => {
    const before = STATUSES.filter((status) => mayBecome(status, "COMPLETED"));
    expect(before.toSorted()).toEqual(["IN_PROGRESS", "PROCESSING", "UNKNOWN"]);
  });
});
