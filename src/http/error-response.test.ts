import { afterEach, describe, expect, it, vi } from "vitest";
import { TASK_TARGET } from "../engine/submissions/task-target.ts";
import { createApp } from "./app.ts";

afterEach(() => vi.restoreAllMocks());

const bindings = { MONGO_POOL: { idFromName: () => null, get: () => ({ run: vi.fn() }) } };
const lifetime = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };

describe("a request that can't have its services", () => {
  it("is answered 500 without the reason, which is logged with the request's id", async () => {
    const lines = vi.spyOn(console, "error").mockReturnValue();
    const nothing = {
      targets: [TASK_TARGET],
      routes: [],
      routesOutside: [],
      components: {},
      tags: [],
    };
    const app = createApp(() => {
      throw new Error("The worker's configuration is wrong. SEALING_KEY: expected 64 digits");
    }, nothing);
    const response = await app.request("/healthz", {}, bindings, lifetime);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain("SEALING_KEY");
    const [line] = lines.mock.calls.flat();
    expect(line).toContain("SEALING_KEY");
    expect(JSON.parse(String(line))).toMatchObject({
      level: "error",
      message: "unexpected error",
      request_id: response.headers.get("X-Request-Id"),
    });
  });
});
