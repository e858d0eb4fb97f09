import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { createRouter, json } from "../router.ts";

const Health = z.strictObject({ status: z.literal("ok") });

const Readiness = z
  .looseObject({ status: z.enum(["ok", "degraded"]) })
  .meta({ description: 'Besides `status` one field per service that it needs: "up" or "down".' });

/** `/healthz`: the worker runs. `/readyz`: it reaches the record of truth. */
export const health = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/healthz",
      tags: ["Health"],
      operationId: "getHealth",
      summary: "Say that the worker runs",
      description: "Asks no service. For a load balancer or an uptime check.",
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
      summary: "Say whether submits can be accepted",
      description: "Asks each service that nothing works without.",
      responses: {
        200: json(Readiness, "All of them answer"),
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
