import type { Context } from "hono";
import type { FloorBindings } from "./bindings.ts";
import { poolOf } from "./clients.ts";

/** A document of a task's size. */
export function newRow() {
  const now = new Date();
  return {
    _id: crypto.randomUUID(),
    status: "PENDING",
    created_at: now,
    updated_at: now,
    version: 1,
    history: [{ at: now, kind: "status", to: "PENDING", actor: "bench" }],
    payload: "x".repeat(1500),
  };
}

/** Hono and one insert. */
export async function insert(c: Context<FloorBindings>): Promise<Response> {
  const row = newRow();
  await poolOf(c.env).insert(row);
  return c.json({ id: row._id }, 202);
}
