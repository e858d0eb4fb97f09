import type { Handler } from "hono";

/** About as long as a task's JSON. */
const BODY = JSON.stringify({ status: "COMPLETED", filler: "x".repeat(900) });

/** Hono and one constant answer. */
export const constant: Handler = (c) => c.body(BODY, 200, { "Content-Type": "application/json" });
