import { afterEach, expect, test, vi } from "vitest";
import { createIsolateMemory } from "./isolate-memory.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("a key is forgotten after a minute though the timers of ended requests never fire", () => {
  vi.stubGlobal("setTimeout", () => 0);
  const clock = vi.spyOn(performance, "now").mockReturnValue(1_000);
  const { principals } = createIsolateMemory();
  principals.set("wk_1", { kind: "admin" });
  expect(principals.get("wk_1")).toEqual({ kind: "admin" });
  clock.mockReturnValue(1_000 + 59_999);
  expect(principals.get("wk_1")).toEqual({ kind: "admin" });
  clock.mockReturnValue(1_000 + 60_001);
  expect(principals.get("wk_1")).toBeUndefined();
});
