import { createRouter } from "./router.ts";

/** `/healthz`: the worker runs. `/readyz`: it reaches the record of truth. */
export const health = createRouter();

health.get("/healthz", (c) => c.json({ status: "ok" }));

health.get("/readyz", async (c) => {
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
  return c.json(
    { status: isReady ? "ok" : "degraded", ...Object.fromEntries(checks) },
    isReady ? 200 : 503,
  );
});
