import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { createRouter, json } from "../router.ts";

const Health = z.strictObject({ status: z.literal("ok") });

const Readiness = z
  .looseObject({ status: z.enum(["ok", "degraded"]) })
  .meta({ description: 'Besides `status`, one field per required service: "up" or "down".' });

/** `/healthz`: the worker runs. `/readyz`: it reaches the services that nothing works without. */
export const health = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/healthz",
      tags: ["Health"],
      operationId: "getHealth",
      summary: "Check that the worker runs",
      description: "Calls no service. For a load balancer or an uptime check.",
      responses: { 200: json(Health, "It runs") },
    }),
    (c) => c.json({ status: "ok" as const }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/readyz",
      tags: ["Health"],
      operationId: "getReadiness",
      summary: "Check that submissions can be accepted",
      description: "Calls each service that nothing works without.",
      responses: {
        200: json(Readiness, "All of them respond"),
        503: json(Readiness, "One of them does not"),
      },
    }),
    async (c) => {
      const { readiness } = c.var.services;
      const checks = await Promise.all(
        Object.entries(readiness).map(async ([name, check]) => {
          const isUp = await check().then(
            () => true,
            () => false,
          );
          return [name, isUp ? "up" : "down"] as const;
        }),
      );
      const isReady = checks.every(([, state]) => state === "up");
      const states = Object.fromEntries(checks);
      return isReady
        ? c.json({ ...states, status: "ok" as const }, 200)
        : c.json({ ...states, status: "degraded" as const }, 503);
    },
  );
