import { expect, it, vi } from "vitest";
import { TASK_TARGET } from "../engine/submissions/task-target.ts";
import { createApp } from "./app.ts";
import { parseConfig } from "../config.ts";
import { Problem } from "../contract/problem.ts";

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

it("a deployment whose configuration is wrong says so in its log, and to callers only that it can't answer", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const nothing = {
    targets: [TASK_TARGET],
    routes: [],
    routesOutside: [],
    components: {},
    tags: [],
  };
  const app = createApp(() => {
    parseConfig({ ADMIN_KEY: "short", SEALING_KEY: "not hexadecimal" });
    throw new Error("unreachable");
  }, nothing);
  const response = await app.request("/healthz", {}, {}, CONTEXT);
  expect(response.status).toBe(500);
  const problem = Problem.parse(await response.json());
  expect(problem).toMatchObject({ code: "internal_error" });
  expect(response.headers.get("X-Request-Id")).toBe(problem.request_id);
  expect(JSON.stringify(problem)).not.toContain("SEALING_KEY");
  const line = String(log.mock.calls[0]?.[0]);
  for (const part of [problem.request_id, "ADMIN_KEY", "SEALING_KEY", "MONGODB_URI"]) {
    expect(line).toContain(part);
  }
  expect(line).not.toContain("not hexadecimal");
});
