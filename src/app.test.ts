import { expect, it, vi } from "vitest";
import { z } from "zod";
import { createApp } from "./app.ts";
import { parseConfig } from "./config.ts";
import { Problem } from "./contract/problem.ts";

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

const Spec = z.object({
  security: z.unknown(),
  components: z.unknown(),
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
  ),
});

it("the spec says how to authenticate, and that every other answer is a problem", async () => {
  // Nothing of a request's services is used for it.
  const app = createApp(() => Object.create(null));
  const response = await app.request("/openapi.json", {}, {}, CONTEXT);
  const spec = Spec.parse(await response.json());
  expect(spec.security).toEqual([{ key: [], namespace: [] }]);
  expect(spec.components).toMatchObject({
    securitySchemes: {
      key: { type: "http", scheme: "bearer" },
      namespace: { type: "apiKey", in: "header", name: "X-Namespace" },
    },
  });
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const { responses } of Object.values(methods)) {
      expect(JSON.stringify(responses["default"]), path).toContain("application/problem+json");
    }
  }
});

it("a deployment whose configuration is wrong says so in its log, and to callers only that it can't answer", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const app = createApp(() => {
    parseConfig({ ADMIN_KEY: "short", SEALING_KEY: "not hexadecimal" });
    throw new Error("unreachable");
  });
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
